//! `ThrottleActor`: who may try a password, and when.
//!
//! Only failures count, so whoever knows their password never meets it. Each account is guarded
//! separately from each network, so an attacker slows himself and never locks the owner out from
//! elsewhere. All is in memory and forgotten at a restart.

mod ledger;

use std::{cell::RefCell, net::IpAddr, rc::Rc, time::Duration};

use actix::{Actor, AsyncContext, Context, Handler, Message, ResponseFuture, WrapFuture};
use tokio::sync::oneshot;

use self::ledger::{Decision, Ledger};
pub use self::ledger::{Outcome, Suspect};
use super::{Handle, Unreachable};
use crate::{domain::Clock, metrics};

/// An attempt was not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ThrottleError {
    /// The actor could not be asked.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// Too many failures.
    #[error("too many failed attempts")]
    Throttled {
        /// When the next attempt is allowed.
        retry_after: Duration,
    },
}

/// The keeper of the ledger of failures; see the module's documentation.
pub struct ThrottleActor {
    ledger: Rc<RefCell<Ledger>>,
    clock: Clock,
    /// Attempts that wait for another to be settled.
    waiting: Rc<RefCell<Vec<oneshot::Sender<()>>>>,
}

impl ThrottleActor {
    /// A throttle that has seen nobody yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { ledger: Rc::default(), clock, waiting: Rc::default() }
    }
}

impl Actor for ThrottleActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(4096);
        let (ledger, clock) = (Rc::clone(&self.ledger), self.clock.clone());
        let sweep = async move {
            loop {
                tokio::time::sleep(Duration::from_mins(1)).await;
                ledger.borrow_mut().forget_old(clock.now());
            }
        };
        ctx.spawn(sweep.into_actor(self));
    }
}

/// Asks whether a suspect is held up now, without beginning an attempt.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), ThrottleError>")]
pub struct CheckSuspect {
    /// Who.
    pub suspect: Suspect,
}

impl Handler<CheckSuspect> for ThrottleActor {
    type Result = Result<(), ThrottleError>;

    fn handle(&mut self, message: CheckSuspect, _: &mut Context<Self>) -> Self::Result {
        match self.ledger.borrow().judge(&message.suspect, self.clock.now()) {
            Decision::Throttled(retry_after) => {
                metrics::attempt_throttled();
                Err(ThrottleError::Throttled { retry_after })
            }
            Decision::Go | Decision::Wait => Ok(()),
        }
    }
}

/// Begins an attempt. Attempts that are under way count as failures until they are settled: one
/// that would be too many if they all failed waits for them.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), ThrottleError>")]
struct BeginAttempt {
    suspect: Suspect,
}

impl Handler<BeginAttempt> for ThrottleActor {
    type Result = ResponseFuture<Result<(), ThrottleError>>;

    fn handle(&mut self, message: BeginAttempt, _: &mut Context<Self>) -> Self::Result {
        let (ledger, waiting) = (Rc::clone(&self.ledger), Rc::clone(&self.waiting));
        let clock = self.clock.clone();
        Box::pin(async move {
            loop {
                let decision = ledger.borrow_mut().begin(&message.suspect, clock.now());
                match decision {
                    Decision::Go => return Ok(()),
                    Decision::Throttled(retry_after) => {
                        metrics::attempt_throttled();
                        return Err(ThrottleError::Throttled { retry_after });
                    }
                    Decision::Wait => {
                        let (wake, woken) = oneshot::channel();
                        waiting.borrow_mut().push(wake);
                        // A closed channel is as good a reason to look again.
                        let _ = woken.await;
                    }
                }
            }
        })
    }
}

/// Ends an attempt.
#[derive(Debug, Message)]
#[rtype(result = "()")]
struct SettleAttempt {
    suspect: Suspect,
    outcome: Outcome,
}

impl Handler<SettleAttempt> for ThrottleActor {
    type Result = ();

    fn handle(&mut self, message: SettleAttempt, _: &mut Context<Self>) {
        self.ledger.borrow_mut().settle(&message.suspect, message.outcome, self.clock.now());
        // Few ever wait, and one may wait for its account or for its address: all look again.
        for wake in self.waiting.take() {
            let _ = wake.send(());
        }
    }
}

/// The way to the throttle.
#[derive(Clone)]
pub struct Throttle {
    handle: Handle<ThrottleActor>,
}

impl Throttle {
    /// Wraps the actor's handle.
    #[must_use]
    pub fn new(handle: Handle<ThrottleActor>) -> Self {
        Self { handle }
    }

    /// Whether an attempt is worth queueing for.
    ///
    /// # Errors
    ///
    /// [`ThrottleError::Throttled`] where it is not.
    pub async fn check(&self, account: &str, ip: Option<IpAddr>) -> Result<(), ThrottleError> {
        self.handle.ask(CheckSuspect { suspect: Suspect::new(account, ip) }).await
    }

    /// Whether the throttle answers at all.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub async fn ping(&self) -> Result<(), Unreachable> {
        match self.check("", None).await {
            Ok(()) | Err(ThrottleError::Throttled { .. }) => Ok(()),
            Err(ThrottleError::Unreachable(error)) => Err(error),
        }
    }

    /// Begins an attempt; the permit must be settled with what came of it.
    ///
    /// # Errors
    ///
    /// [`ThrottleError::Throttled`] where none is allowed now.
    pub async fn begin(&self, account: &str, ip: Option<IpAddr>) -> Result<Permit, ThrottleError> {
        let suspect = Suspect::new(account, ip);
        self.handle.ask(BeginAttempt { suspect: suspect.clone() }).await?;
        Ok(Permit { throttle: self.clone(), suspect: Some(suspect) })
    }
}

/// An attempt under way. Dropped unsettled, because its client has gone, it counts as nothing.
pub struct Permit {
    throttle: Throttle,
    suspect: Option<Suspect>,
}

impl Permit {
    /// Records what came of the attempt.
    pub fn settle(mut self, outcome: Outcome) {
        self.tell(outcome);
    }

    fn tell(&mut self, outcome: Outcome) {
        if let Some(suspect) = self.suspect.take() {
            self.throttle.handle.tell(SettleAttempt { suspect, outcome });
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.tell(Outcome::Unknown);
    }
}
