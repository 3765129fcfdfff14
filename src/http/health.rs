//! `/healthz` and `/readyz`: whether the process is alive, and whether it can work.

use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

use actix_web::{HttpResponse, rt, web};
use futures_util::{
    FutureExt,
    future::{LocalBoxFuture, Shared, join_all},
};
use serde_json::json;

use crate::{
    actors::Pinger,
    http::{
        openapi::{Operation, Schema, Tag, object},
        state::Api,
        wire::{ApiError, errors},
    },
};

/// The deadline of each actor's answer to a ping. A hash thread may be in the middle of a hash.
const PING_TIMEOUT: Duration = Duration::from_secs(3);

/// How long the actors' answers are reused. The endpoint is public, so a worker pings its actors at most this
/// often.
const PROBE_TTL: Duration = Duration::from_secs(1);

pub(crate) const ALIVE: Operation =
    Operation::new("alive", Tag::Operation, "Check that the process is alive").ok("It does.", STATUS);

const STATUS: &Schema = &Schema::new("Status", |_| object(&json!({ "status": { "type": "string" } })));

pub(crate) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

pub(crate) const READY: Operation = Operation::new("ready", Tag::Operation, "Can it work?")
    .ok("Each actor answered in time.", STATUS)
    .fails(&[errors::NOT_READY]);

pub(crate) async fn ready(
    api: web::Data<Api>,
    readiness: web::Data<Readiness>,
) -> Result<HttpResponse, ApiError> {
    let failing = readiness.failing(&api.readiness).await;
    if failing.is_empty() {
        Ok(HttpResponse::Ok().json(json!({ "status": "ready" })))
    } else {
        Err(ApiError::not_ready(failing))
    }
}

/// The result of a worker's last round of pings.
#[derive(Default)]
pub(crate) struct Readiness(RefCell<Option<Probe>>);

struct Probe {
    began: Instant,
    failing: Shared<LocalBoxFuture<'static, Vec<&'static str>>>,
}

impl Probe {
    fn begin(actors: &Rc<[Pinger]>) -> Self {
        let failing = failing(Rc::clone(actors)).boxed_local().shared();
        // Spawned, so that it continues when its client hangs up: other clients wait for it.
        rt::spawn(failing.clone().map(drop));
        Self { began: Instant::now(), failing }
    }

    fn is_fresh(&self) -> bool {
        self.failing.peek().is_none() || self.began.elapsed() < PROBE_TTL
    }
}

impl Readiness {
    /// The names of the actors that fail to answer well and in time, now or a moment ago.
    async fn failing(&self, actors: &Rc<[Pinger]>) -> Vec<&'static str> {
        let failing = {
            let mut last = self.0.borrow_mut();
            let fresh = last.take().filter(Probe::is_fresh);
            last.insert(fresh.unwrap_or_else(|| Probe::begin(actors))).failing.clone()
        };
        failing.await
    }
}

async fn failing(actors: Rc<[Pinger]>) -> Vec<&'static str> {
    join_all(actors.iter().map(failing_name)).await.into_iter().flatten().collect()
}

/// The actor's name, if it did not answer well and in time.
async fn failing_name(actor: &Pinger) -> Option<&'static str> {
    match tokio::time::timeout(PING_TIMEOUT, actor.ping()).await {
        Ok(Ok(())) => None,
        Ok(Err(_)) | Err(_) => Some(actor.name()),
    }
}
