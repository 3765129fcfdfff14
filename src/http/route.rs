//! A row of the route table: a path, its methods, and for each its handler and its description.

use std::rc::Rc;

use actix_web::{
    FromRequest, Handler, Resource, Responder, Route, guard,
    http::Method,
    web::{self, ServiceConfig},
};

use crate::http::{
    cross_site,
    openapi::operation::Operation,
    wire::{
        api_error::{ApiError, OAuthError},
        errors,
    },
};

/// The path of a route as it is declared, which is its label in the metrics.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RouteLabel(pub(crate) &'static str);

/// A path with its methods. It is served with and without a trailing slash; any other method is 405.
pub(crate) struct Path {
    /// The path as in the document.
    pub(crate) pattern: &'static str,
    /// Another path with the same answers.
    alias: Option<String>,
    pub(crate) endpoints: Vec<Endpoint>,
}

/// A method of a path.
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    pub(crate) operation: Operation,
    handler: Box<dyn Fn() -> Route>,
}

/// A path without methods.
pub(crate) const fn path(pattern: &'static str) -> Path {
    Path { pattern, alias: None, endpoints: Vec::new() }
}

impl Path {
    /// Adds a method. GET brings HEAD with it (RFC 9110, section 9.1).
    pub(crate) fn on<F, Args>(mut self, method: Method, handler: F, operation: Operation) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let handler = Box::new(move || web::route().to(handler.clone()));
        self.endpoints.push(Endpoint { method, operation, handler });
        self
    }

    /// Adds another path with the same answers, which the document does not have.
    pub(crate) fn also_at(self, alias: Option<String>) -> Self {
        Self { alias, ..self }
    }

    /// Adds the path to an application.
    pub(crate) fn register(&self, config: &mut ServiceConfig) {
        let label = self.pattern.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(self.pattern);
        // Two resources, not one of two patterns: a single static pattern is compared as text, while
        // several are searched with a regular expression.
        let slashed = (label != "/").then(|| format!("{label}/"));
        let aliases = self.alias.iter().flat_map(|alias| [alias.clone(), format!("{alias}/")]);
        let allow: Rc<str> = self.allow().into();
        for pattern in std::iter::once(label.to_owned()).chain(slashed).chain(aliases) {
            let mut resource = web::resource(pattern).app_data(RouteLabel(label));
            for endpoint in &self.endpoints {
                resource = endpoint.routes().into_iter().fold(resource, Resource::route);
            }
            let allow = Rc::clone(&allow);
            config.service(resource.default_service(web::to(move || {
                let allow = Rc::clone(&allow);
                async move { Err::<&str, _>(ApiError::method_not_allowed(allow)) }
            })));
        }
    }

    /// The path's methods, as in the `Allow` header.
    fn allow(&self) -> String {
        let names = self.endpoints.iter().map(|endpoint| match &endpoint.method {
            &Method::GET => "GET, HEAD",
            method => method.as_str(),
        });
        names.collect::<Vec<_>>().join(", ")
    }
}

impl Endpoint {
    /// Whether the method changes something, so that pages of other sites must not send it.
    pub(crate) fn is_change(&self) -> bool {
        !self.method.is_safe()
    }

    fn routes(&self) -> Vec<Route> {
        let handler = (self.handler)();
        if !self.is_change() {
            return vec![handler.guard(guard::Any(guard::Get()).or(guard::Head()))];
        }
        let guard = || guard::Method(self.method.clone());
        let foreign = web::route().guard(guard()).guard(guard::fn_guard(cross_site::is_foreign));
        let refused = || ApiError::from(errors::CROSS_SITE_REQUEST);
        let foreign = if self.operation.is_oauth {
            foreign.to(move || async move { Err::<&str, _>(OAuthError(refused())) })
        } else {
            foreign.to(move || async move { Err::<&str, _>(refused()) })
        };
        vec![foreign, handler.guard(guard())]
    }
}
