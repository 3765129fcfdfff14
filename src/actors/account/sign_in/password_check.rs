//! Checking a password: the throttle, the queue, the throttle again, and the hash.
//!
//! A waiting attempt holds nothing that others need: while it waits for another attempt to be settled, it
//! gives its hash slot back. An attempt that has begun runs to its end and is settled, even if the client
//! hangs up.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::{
    actors::{
        Named, Unreachable,
        account::{ActorError, CheckError, Dependencies, check_error::DEFAULT_RETRY_AFTER},
        db::HasLoggedInFrom,
        password::{FlowKey, HashSlot, PasswordActor, PasswordVerdict, VerifyPassword},
        throttle::{Attempt, AttemptOutcome, BeginReply, Permit, ThrottleError},
    },
    domain::{LoginName, Network, Password, PasswordHash, Principal, RequestOrigin, SessionId, UserId},
    metrics,
};

/// A password check that the throttle has not refused.
pub(in crate::actors::account) struct PasswordCheck<'a> {
    deps: &'a Dependencies,
    attempt: Attempt,
    flow: FlowKey,
    origin: &'a RequestOrigin,
    /// The time at which the attempt has waited too long in all.
    deadline: Instant,
    /// How long an account must wait that has never logged in from this network; `None` if it need not.
    strangers_wait: Option<Duration>,
}

impl<'a> PasswordCheck<'a> {
    /// Starts the check of a login, with the name as it was typed.
    pub(in crate::actors::account) async fn of_login(
        deps: &'a Dependencies,
        name: &LoginName,
        origin: &'a RequestOrigin,
    ) -> Result<Self, CheckError> {
        Self::start(deps, deps.throttle.login(name, origin.ip), name, origin).await
    }

    /// Starts the check of a password that a user with a session confirms.
    pub(in crate::actors::account) async fn of_confirmation(
        deps: &'a Dependencies,
        name: &LoginName,
        session: SessionId,
        origin: &'a RequestOrigin,
    ) -> Result<Self, CheckError> {
        Self::start(deps, deps.throttle.confirmation(name, session, origin.ip), name, origin).await
    }

    async fn start(
        deps: &'a Dependencies,
        attempt: Attempt,
        name: &LoginName,
        origin: &'a RequestOrigin,
    ) -> Result<Self, CheckError> {
        let deadline = deps.passwords.deadline();
        let strangers_wait = match deps.throttle.check(attempt).await {
            Ok(()) => None,
            Err(ThrottleError::StrangersThrottled { retry_after }) => Some(retry_after),
            Err(error) => return Err(refused(error)),
        };
        Ok(Self { deps, attempt, flow: FlowKey::login(name, origin), origin, deadline, strangers_wait })
    }

    /// Compares the password with the user's hash, or with a dummy without a hash. `user` is the account that
    /// the typed name belongs to; `None` if no account has the name.
    pub(in crate::actors::account) async fn run(
        self,
        user: Option<UserId>,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<PasswordVerdict, CheckError> {
        self.run_keeping_slot(user, password, hash).await.map(|(verdict, _)| verdict)
    }

    /// Compares the password, and returns the hash slot, so that a caller with another password to hash need
    /// not queue again.
    pub(in crate::actors::account) async fn run_keeping_slot(
        mut self,
        user: Option<UserId>,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<(PasswordVerdict, HashSlot), CheckError> {
        if let Some(retry_after) = self.strangers_wait {
            self.refuse_strangers(user, retry_after).await?;
        }
        let (slot, permit) = self.begin(user).await?;
        let passwords = self.deps.passwords.clone();
        let verify = VerifyPassword { password, hash, request_id: self.origin.request_id.clone() };
        // A separate task, because the attempt counts even if the client hangs up now.
        let verifying = actix::spawn(async move {
            let verified = passwords.ask(slot, verify).await;
            // Settled before the slot is passed on, so that the next attempt sees the outcome.
            permit.settle(match verified {
                Ok((PasswordVerdict::Right { .. }, _)) => AttemptOutcome::Success,
                Ok((PasswordVerdict::Wrong, _)) => AttemptOutcome::Failure,
                Err(_) => AttemptOutcome::NotLookedAt,
            });
            verified
        });
        let verified = verifying.await.map_err(|_| Unreachable::Stopped(PasswordActor::NAME));
        Ok(verified??)
    }

    /// Waits for a hash slot, and until the throttle lets the attempt begin.
    async fn begin(&mut self, user: Option<UserId>) -> Result<(HashSlot, Permit), CheckError> {
        // An attempt that was woken keeps its place until it has tried again.
        let mut place = None;
        loop {
            let slot = self.deps.passwords.slot_until(self.flow.clone(), self.deadline).await?;
            match self.deps.throttle.begin(self.attempt).await {
                Ok(BeginReply::Permit(permit)) => return Ok((slot, permit)),
                Ok(BeginReply::Wait(waiting)) => {
                    drop(slot);
                    let woken = timeout_at(self.deadline, place.insert(waiting).woken());
                    woken.await.map_err(|_| waited_in_vain())?;
                    self.check_again(user).await?;
                }
                Err(ThrottleError::StrangersThrottled { retry_after }) => {
                    drop(slot);
                    self.refuse_strangers(user, retry_after).await?;
                }
                Err(error) => return Err(refused(error)),
            }
        }
    }

    /// Asks the throttle before queueing again, so that an attempt that would be refused does not wait for a
    /// slot.
    async fn check_again(&mut self, user: Option<UserId>) -> Result<(), CheckError> {
        match self.deps.throttle.check(self.attempt).await {
            Err(ThrottleError::StrangersThrottled { retry_after }) => {
                self.refuse_strangers(user, retry_after).await
            }
            other => other.map_err(refused),
        }
    }

    /// Lets the attempt go on only if the account has logged in from this network before. For an unknown name
    /// the same query runs, and finds nothing.
    async fn refuse_strangers(
        &mut self,
        user: Option<UserId>,
        retry_after: Duration,
    ) -> Result<(), CheckError> {
        let has = HasLoggedInFrom { user_id: user, network: self.origin.ip.map(Network::of) };
        let context = self.deps.context(Principal::Anonymous, self.origin);
        if !self.deps.db.ask(has, &context).await.map_err(ActorError::from)? {
            return Err(refused(ThrottleError::Throttled { retry_after }));
        }
        self.attempt = self.attempt.familiar();
        Ok(())
    }
}

/// Waiting for other attempts to be settled used up the whole budget.
fn waited_in_vain() -> CheckError {
    metrics::password::HASHES_REFUSED.inc();
    CheckError::Busy { retry_after: DEFAULT_RETRY_AFTER }
}

/// The error for an attempt that the throttle refuses for good.
fn refused(error: ThrottleError) -> CheckError {
    if matches!(error, ThrottleError::Throttled { .. }) {
        metrics::account::ATTEMPTS_THROTTLED.inc();
    }
    error.into()
}
