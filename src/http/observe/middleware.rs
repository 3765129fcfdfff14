//! The middleware that gives every response a request id, headers, a line in the log, and its place in the
//! metrics. It is one middleware, because each costs time in every request.

use std::{
    future::{Future, Ready, ready},
    pin::Pin,
    task::{Context, Poll, ready as poll_ready},
    time::Instant,
};

use actix_web::{
    Error,
    body::MessageBody,
    dev::{Service, ServiceRequest, ServiceResponse, Transform},
    http::header::HeaderValue,
};
use pin_project_lite::pin_project;

use crate::{
    http::{
        observe::{
            access_log::log_answer,
            headers,
            request_id::{RequestIds, X_REQUEST_ID},
            unread::{self, HeldUntilSent, HoldUnread},
        },
        route::RouteLabel,
    },
    metrics,
};

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
        let id = self.ids.name(&request);
        metrics::http::REQUESTS_IN_FLIGHT.inc();
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
        metrics::http::REQUESTS_IN_FLIGHT.dec();
    }
}

pin_project! {
    /// A request that is being answered.
    pub struct Observed<F, B> {
        #[pin]
        inner: F,
        answer: Option<ServiceResponse<B>>,
        // How many times the arrived part of an unread body is polled before the answer. A short body ends
        // that way, and its connection can be reused.
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
        metrics::http::request_answered(route, response.status().as_u16(), elapsed);
        if let Some(id) = this.id.take() {
            log_answer(&response, &id, elapsed);
            response.headers_mut().insert(X_REQUEST_ID, id);
        }
        headers::complete(&mut response);
        let until_sent = std::mem::take(this.until_sent);
        Poll::Ready(Ok(response.map_body(|head, body| HoldUnread::new(head, body, until_sent))))
    }
}
