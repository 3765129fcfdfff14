//! The hash threads, and the groups of jobs that they compute side by side.

use std::{num::NonZeroUsize, thread};

use actix::{Actor, Addr, Handler, Message, SyncArbiter, SyncContext};
use bcrypt_lanes::{Cost, Digest, Input};
use tokio::sync::oneshot;

use super::PasswordError;
use crate::actors::{Named, Ping, PingError, panic::catch_panic};

/// Turns a digest, or the failure to compute it, into the answer.
type Finish<D, A> = Box<dyn FnOnce(D) -> A + Send>;

/// An input to hash, and how its digest becomes an answer.
pub struct Job<A> {
    run: Cost,
    input: Input,
    finish: Finish<Digest, Result<A, PasswordError>>,
}

impl<A: Send + 'static> Job<A> {
    /// Creates a job whose lane runs for the cost `run`. A hash thread calls `finish` to turn the digest into
    /// the answer.
    pub(super) fn new(
        run: u32,
        input: Input,
        finish: impl FnOnce(&Digest) -> Result<A, PasswordError> + Send + 'static,
    ) -> Result<Self, PasswordError> {
        let run = Cost::new(run).map_err(|_| PasswordError::Bcrypt)?;
        Ok(Self { run, input, finish: Box::new(move |digest| finish(&digest)) })
    }

    /// The same job, which holds `kept` until it is done and returns it with the answer.
    pub(super) fn keeping<K: Send + 'static>(self, kept: K) -> Job<(A, K)> {
        let Self { run, input, finish } = self;
        Job { run, input, finish: Box::new(move |digest| finish(digest).map(|answer| (answer, kept))) }
    }

    /// The job without its answer's type.
    pub(super) fn into_lane(self, answer: oneshot::Sender<Result<A, PasswordError>>) -> Lane {
        let Self { run, input, finish } = self;
        let finish = Box::new(move |digest: Result<Digest, PasswordError>| {
            let panicked = |_| Err(PasswordError::Panicked);
            let answered = digest.and_then(|digest| catch_panic(|| finish(digest)).unwrap_or_else(panicked));
            // Sending fails only if the sender has hung up.
            let _ = answer.send(answered);
        });
        Lane { run, input, finish }
    }
}

/// A job of a group.
pub(super) struct Lane {
    /// The cost for which the lane runs, the same in the whole group.
    pub(super) run: Cost,
    input: Input,
    finish: Finish<Result<Digest, PasswordError>, ()>,
}

/// A thread that computes hashes.
pub(super) struct HashThread;

impl HashThread {
    /// Starts this many threads.
    pub(super) fn start(threads: NonZeroUsize) -> Addr<Self> {
        let builder = || thread::Builder::new().name("sekisho-hash".to_owned());
        SyncArbiter::start_with_thread_builder(threads.get(), builder, || Self)
    }
}

impl Named for HashThread {
    const NAME: &'static str = "hash_threads";
}

impl Actor for HashThread {
    type Context = SyncContext<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        // On Linux a nice value belongs to the thread, so all other threads go before the hashes.
        if let Err(error) = rustix::process::setpriority_process(None, 9) {
            log::warn!("hash threads keep their ordinary priority: {error}");
        }
    }
}

/// Hashes a group of jobs side by side and answers each.
#[derive(Message)]
#[rtype(result = "Result<(), PasswordError>")]
pub(super) struct ComputeLanes {
    pub(super) run: Cost,
    pub(super) lanes: Vec<Lane>,
}

impl Handler<ComputeLanes> for HashThread {
    type Result = Result<(), PasswordError>;

    fn handle(
        &mut self,
        ComputeLanes { run, lanes }: ComputeLanes,
        _: &mut SyncContext<Self>,
    ) -> Self::Result {
        compute(run, lanes);
        Ok(())
    }
}

fn compute(run: Cost, lanes: Vec<Lane>) {
    let (inputs, finishes): (Vec<_>, Vec<_>) =
        lanes.into_iter().map(|lane| (lane.input, lane.finish)).unzip();
    let digests = match hash(run, &inputs) {
        Ok(digests) => digests.into_iter().map(Ok).collect(),
        // A panic of one job must not fail the others.
        Err(_) => inputs.chunks(1).map(|input| hash(run, input).and_then(first)).collect::<Vec<_>>(),
    };
    for (finish, digest) in finishes.into_iter().zip(digests) {
        finish(digest);
    }
}

fn hash(run: Cost, inputs: &[Input]) -> Result<Vec<Digest>, PasswordError> {
    let hashed = catch_panic(|| bcrypt_lanes::hash(run, inputs)).map_err(|_| PasswordError::Panicked)?;
    hashed.map_err(|_| PasswordError::Bcrypt)
}

fn first(digests: Vec<Digest>) -> Result<Digest, PasswordError> {
    digests.into_iter().next().ok_or(PasswordError::Bcrypt)
}

impl Handler<Ping> for HashThread {
    type Result = Result<(), PingError>;

    fn handle(&mut self, _: Ping, _: &mut SyncContext<Self>) -> Self::Result {
        Ok(())
    }
}
