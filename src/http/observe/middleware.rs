//! What every response gets: a request id, headers, a line in the log, and its place in the
//! metrics. One middleware, because each costs every request.

use std::{
    cell::Cell,
    fmt::Write,
    future::{Future, Ready, ready},
    hash::{BuildHasher, RandomState},
    pin::Pin,
    task::{Context, Poll, ready as poll_ready},
    time::Instant,
};

use actix_web::{
    Error,
    body::MessageBody,
    dev::{Service, ServiceRequest, ServiceResponse, Transform},
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
};
use pin_project_lite::pin_project;

use crate::{
    http::{
        observe::{
            headers,
            outage_log::OUTAGE_LOG,
            unread::{self, HeldUntilSent, HoldUnread},
        },
        wire::client_address::client_address,
    },
    metrics,
};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest request id that is kept of a client's.
const MAX_REQUEST_ID: usize = 128;

/// The path of a route as it is declared; what metrics are told apart by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RouteLabel(pub(crate) &'static str);

/// The middleware that observes every request; see the module's documentation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Observe;

impl<S, B> Transform<S, ServiceRequest> for Observe
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<HoldUnread<B>>;
    type Error = Error;
    type Transform = Observer<S>;
    type InitError = ();
    type Future = Ready<Result<Observer<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Observer { service, ids: RequestIds::default() }))
    }
}

/// The service that [`Observe`] makes.
pub struct Observer<S> {
    service: S,
    ids: RequestIds,
}

/// Names for requests that came without: one worker's names are a counter, scrambled.
struct RequestIds {
    hasher: RandomState,
    next: Cell<u64>,
}

impl Default for RequestIds {
    fn default() -> Self {
        Self { hasher: RandomState::new(), next: Cell::new(0) }
    }
}

impl RequestIds {
    fn name(&self) -> HeaderValue {
        let number = self.next.get();
        self.next.set(number.wrapping_add(1));
        let mut text = String::with_capacity(16);
        // Writing into a String cannot fail.
        let _ = write!(text, "{:016x}", self.hasher.hash_one(number));
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("-"))
    }
}

impl<S, B> Service<ServiceRequest> for Observer<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<HoldUnread<B>>;
    type Error = Error;
    type Future = Observed<S::Future, B>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.service.poll_ready(context)
    }

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let until_sent = unread::track(&mut request);
        let given = request.headers().get(&X_REQUEST_ID).filter(|id| is_well_formed(id));
        let id = given.cloned().unwrap_or_else(|| self.ids.name());
        metrics::request_began();
        Observed {
            inner: self.service.call(request),
            answer: None,
            looks: 2,
            until_sent,
            id: Some(id),
            began: Instant::now(),
            in_flight: InFlightRequest,
        }
    }
}

/// Counts a request as running until it is dropped, answered or not.
struct InFlightRequest;

impl Drop for InFlightRequest {
    fn drop(&mut self) {
        metrics::request_ended();
    }
}

fn is_well_formed(id: &HeaderValue) -> bool {
    let bytes = id.as_bytes();
    (1..=MAX_REQUEST_ID).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}

pin_project! {
    /// A request on its way.
    pub struct Observed<F, B> {
        #[pin]
        inner: F,
        answer: Option<ServiceResponse<B>>,
        // How often what has arrived of a body is looked at before the answer, where nobody reads it: a
        // short one is over then, and its connection can be used again.
        looks: u8,
        until_sent: HeldUntilSent,
        id: Option<HeaderValue>,
        began: Instant,
        in_flight: InFlightRequest,
    }
}

impl<F, B> Future for Observed<F, B>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<HoldUnread<B>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = match this.answer.take() {
            Some(response) => response,
            None => match poll_ready!(this.inner.poll(context)) {
                Ok(response) => response,
                Err(error) => return Poll::Ready(Err(error)),
            },
        };
        if *this.looks > 0 && this.until_sent.is_left() {
            *this.looks -= 1;
            *this.answer = Some(response);
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let elapsed = this.began.elapsed();
        let route = response.request().app_data::<RouteLabel>().map_or("unmatched", |label| label.0);
        metrics::request_answered(route, response.status().as_u16(), elapsed);
        if let Some(id) = this.id.take() {
            log_answer(&response, &id, elapsed);
            response.headers_mut().insert(X_REQUEST_ID, id);
        }
        headers::complete(&mut response);
        let until_sent = std::mem::take(this.until_sent);
        Poll::Ready(Ok(response.map_body(|head, body| HoldUnread::new(head, body, until_sent))))
    }
}

/// One line per answer, and the reason where the fault is ours and the log does not know it. Neither
/// holds a query, a header or a body.
fn log_answer<B>(response: &ServiceResponse<B>, id: &HeaderValue, elapsed: std::time::Duration) {
    let id = id.to_str().unwrap_or("-");
    let status = response.status();
    match response.response().error() {
        Some(error) if status == StatusCode::SERVICE_UNAVAILABLE => OUTAGE_LOG.log(id, error),
        Some(error) if status.is_server_error() => {
            log::error!(request_id = id, status = status.as_u16(); "{error}");
        }
        _ => OUTAGE_LOG.log_over(),
    }
    if log::log_enabled!(target: "sekisho::access", log::Level::Info) {
        let request = response.request();
        let ip = client_address(request).map(|ip| ip.to_string()).unwrap_or_default();
        log::info!(
            target: "sekisho::access",
            request_id = id,
            method = request.method().as_str(),
            path = request.path(),
            status = status.as_u16(),
            duration_us = elapsed.as_micros(),
            ip;
            ""
        );
    }
}
