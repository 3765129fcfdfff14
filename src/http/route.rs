//! How a path of the route table becomes a resource of actix-web.

use std::rc::Rc;

use actix_web::{
    FromRequest, Handler, Resource, Responder, Route,
    guard::{self, Guard},
    http::Method,
    web::{self, ServiceConfig},
};

use crate::http::{
    cross_site, errors,
    wire::api_error::{ApiError, OAuthError},
};

/// The path of a route as it is declared, which is its name in the metrics.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RouteLabel(pub(crate) &'static str);

/// Declares a path, with and without a trailing slash, and its methods; any other method is 405.
pub(crate) fn route(
    config: &mut ServiceConfig,
    path: &'static str,
    methods: impl Fn(RouteBuilder) -> RouteBuilder,
) {
    // Two resources, not one of two patterns: a single static pattern is compared as text, while
    // several are searched with a regular expression.
    let slashed = (path != "/").then(|| format!("{path}/"));
    for pattern in std::iter::once(path.to_owned()).chain(slashed) {
        let resource = web::resource(pattern).app_data(RouteLabel(path));
        let builder = RouteBuilder { resource, allow: Vec::new(), is_oauth: false };
        let RouteBuilder { resource, allow, .. } = methods(builder);
        let allow: Rc<str> = allow_header(&allow).into();
        config.service(resource.default_service(web::to(move || {
            let allow = Rc::clone(&allow);
            async move { Err::<&str, _>(ApiError::method_not_allowed(allow)) }
        })));
    }
}

/// The `Allow` header of each set of methods that some path above has.
fn allow_header(methods: &[Method]) -> &'static str {
    let has = |method: Method| methods.contains(&method);
    match (has(Method::GET), has(Method::POST), has(Method::PATCH), has(Method::DELETE)) {
        (true, true, _, _) => "GET, HEAD, POST",
        (true, false, true, _) => "GET, HEAD, PATCH, DELETE",
        (true, false, false, true) => "GET, HEAD, DELETE",
        (true, false, false, false) => "GET, HEAD",
        (false, true, _, _) => "POST",
        (false, false, _, _) => "DELETE",
    }
}

/// A path's methods, as they are declared.
pub(crate) struct RouteBuilder {
    resource: Resource,
    allow: Vec<Method>,
    is_oauth: bool,
}

impl RouteBuilder {
    /// Errors of the methods that follow have the two members of RFC 6749 as well.
    pub(crate) fn oauth(self) -> Self {
        Self { is_oauth: true, ..self }
    }

    fn route(mut self, method: Method, guard: impl Guard + 'static, route: Route) -> Self {
        self.resource = self.resource.route(route.guard(guard));
        self.allow.push(method);
        self
    }

    /// A method that changes something, which no page of another site may want.
    fn change<F, Args>(mut self, method: Method, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let guard = || guard::Method(method.clone());
        let foreign = web::route().guard(guard()).guard(guard::fn_guard(cross_site::is_foreign));
        let refused = || ApiError::from(errors::CROSS_SITE_REQUEST);
        self.resource = self.resource.route(if self.is_oauth {
            foreign.to(move || async move { Err::<&str, _>(OAuthError(refused())) })
        } else {
            foreign.to(move || async move { Err::<&str, _>(refused()) })
        });
        let guard = guard();
        self.route(method, guard, web::route().to(handler))
    }

    /// GET, and HEAD with it (RFC 9110, section 9.1).
    pub(crate) fn get<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let guard = guard::Any(guard::Get()).or(guard::Head());
        self.route(Method::GET, guard, web::route().to(handler))
    }

    pub(crate) fn post<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.change(Method::POST, handler)
    }

    pub(crate) fn patch<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.change(Method::PATCH, handler)
    }

    pub(crate) fn delete<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.change(Method::DELETE, handler)
    }
}
