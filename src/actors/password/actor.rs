//! The actor: groups of hashes, and the threads that compute them.

use std::{collections::VecDeque, num::NonZeroUsize, sync::Arc, time::Duration};

use actix::{
    Actor, ActorFutureExt, Addr, AsyncContext, Context, Handler, ResponseFuture, SpawnHandle, WrapFuture,
};
use tokio::{sync::oneshot, time::Instant};

use super::{
    LANES, PasswordError,
    admission::Admission,
    hasher::Hasher,
    lanes::{ComputeLanes, HashThread, Lane},
    messages::PasswordMessage,
};
use crate::{
    actors::{Handle, Limits, Named, Ping, PingError, Unreachable, panic::catch_panic},
    metrics,
};

/// Forms groups of jobs and gives them to the hash threads; see the module's documentation.
pub struct PasswordActor {
    threads: Handle<HashThread>,
    /// The number of idle threads.
    idle: usize,
    /// In the order of their arrival, which is the order in which they got their slots.
    waiting: VecDeque<Lane>,
    /// Set for a moment after a group, so that the clients that it has just answered, and those that got
    /// their slots, form the next group together.
    gathering: Option<SpawnHandle>,
    hasher: Arc<Hasher>,
    admission: Arc<Admission>,
}

impl PasswordActor {
    /// The longest time for which a thread waits for more jobs after it has computed a group.
    const MAX_GATHERING: Duration = Duration::from_millis(5);

    /// The maximum duration of gathering, as a fraction of the time of the group before it.
    const GATHERING_FRACTION: u32 = 64;

    /// Below this duration, gathering is not worth a timer.
    const MIN_GATHERING: Duration = Duration::from_millis(1);

    /// Starts the hash threads, and the actor on this thread's arbiter. Each computed group tells `admission`
    /// how long a slot is held.
    #[must_use]
    pub fn start(threads: NonZeroUsize, hasher: Arc<Hasher>, admission: Arc<Admission>) -> Addr<Self> {
        let limits = Limits { in_flight: threads.get() + 64, deadline: None };
        let handle = Handle::new(HashThread::start(threads), limits);
        let actor = Self {
            threads: handle,
            idle: threads.get(),
            waiting: VecDeque::new(),
            gathering: None,
            hasher,
            admission,
        };
        Actor::start(actor)
    }

    /// Gives the waiting jobs to the idle threads, the same number to each.
    fn dispatch(&mut self, ctx: &mut Context<Self>) {
        while self.idle > 0
            && let Some(first) = self.waiting.front()
        {
            if let Some(gathering) = self.gathering.take_if(|_| self.waiting.len() >= self.idle * LANES.get())
            {
                ctx.cancel_future(gathering);
            }
            if self.gathering.is_some() {
                return;
            }
            // No job is overtaken to fill a lane: a group has only the next jobs, as far as they run for the
            // same cost.
            let run = first.run;
            let alike = self.waiting.iter().take_while(|lane| lane.run == run).count();
            let lanes: Vec<_> = self.waiting.drain(..alike.div_ceil(self.idle).min(LANES.get())).collect();
            self.idle -= 1;
            let count = lanes.len();
            let threads = self.threads.clone();
            let computing = async move {
                let started = Instant::now();
                // The thread answers the jobs; the answer here only tells that it is idle again.
                let computed: Result<(), PasswordError> = threads.ask(ComputeLanes { run, lanes }).await;
                (computed, started.elapsed())
            };
            let computing = computing.into_actor(self).map(move |(computed, took), actor: &mut Self, ctx| {
                actor.finished(computed, count, took, ctx);
            });
            ctx.spawn(computing);
        }
    }

    fn finished(
        &mut self,
        computed: Result<(), PasswordError>,
        lanes: usize,
        took: Duration,
        ctx: &mut Context<Self>,
    ) {
        self.idle += 1;
        if computed.is_ok() {
            self.admission.learn_from_group(as_full_group(took, lanes));
            for _ in 0..lanes {
                metrics::password::HASH_SECONDS.observe(took.as_secs_f64());
            }
            metrics::password::HASH_LANES.observe(f64::from(u32::try_from(lanes).unwrap_or(u32::MAX)));
        }
        let gathering = (took / Self::GATHERING_FRACTION).min(Self::MAX_GATHERING);
        if lanes > 1 && self.gathering.is_none() && gathering >= Self::MIN_GATHERING {
            self.gathering = Some(ctx.run_later(gathering, |actor, ctx| {
                actor.gathering = None;
                actor.dispatch(ctx);
            }));
        }
        self.dispatch(ctx);
    }
}

/// How long a full group would have taken, estimated from a group with this many lanes. When many wait,
/// groups are full, and that is when the queue needs the estimate.
fn as_full_group(took: Duration, lanes: usize) -> Duration {
    let relative =
        |lanes: usize| bcrypt_lanes::RELATIVE_TIMES.get(lanes.saturating_sub(1)).copied().unwrap_or(100);
    took.saturating_mul(relative(LANES.get())) / relative(lanes)
}

impl Named for PasswordActor {
    const NAME: &'static str = "password";
}

impl Actor for PasswordActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(4096);
    }
}

impl<M: PasswordMessage> Handler<M> for PasswordActor {
    type Result = ResponseFuture<Result<M::Answer, PasswordError>>;

    fn handle(&mut self, message: M, ctx: &mut Context<Self>) -> Self::Result {
        let prepared = catch_panic(|| message.prepare(&self.hasher)).unwrap_or(Err(PasswordError::Panicked));
        let (answer, answered) = oneshot::channel();
        match prepared {
            Ok(job) => {
                self.waiting.push_back(job.into_lane(answer));
                self.dispatch(ctx);
            }
            Err(error) => return Box::pin(std::future::ready(Err(error))),
        }
        Box::pin(async move { answered.await.unwrap_or(Err(Unreachable::Stopped(Self::NAME).into())) })
    }
}

impl Handler<Ping> for PasswordActor {
    type Result = ResponseFuture<Result<(), PingError>>;

    fn handle(&mut self, _: Ping, _: &mut Context<Self>) -> Self::Result {
        let threads = self.threads.clone();
        Box::pin(async move { threads.ask(Ping).await })
    }
}
