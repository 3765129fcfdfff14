//! The way to the password actor.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    Admission, FlowKey, HashSlot, Hasher, PasswordActor, PasswordError, PasswordMessage, QueueFull,
    messages::WithSlot,
};
use crate::actors::Handle;

/// Sends messages to the password actor through the queue, which refuses a caller that would wait too long.
#[derive(Clone)]
pub struct Passwords {
    handle: Handle<PasswordActor>,
    hasher: Arc<Hasher>,
    admission: Arc<Admission>,
}

impl Passwords {
    /// Puts the queue in front of the actor.
    #[must_use]
    pub fn new(handle: Handle<PasswordActor>, hasher: Arc<Hasher>, admission: Arc<Admission>) -> Self {
        Self { handle, hasher, admission }
    }

    /// Waits for a hash slot.
    ///
    /// # Errors
    ///
    /// [`QueueFull`] at once if the wait would exceed the budget, and later if it did.
    pub async fn slot(&self, flow: FlowKey) -> Result<HashSlot, QueueFull> {
        self.slot_until(flow, self.deadline()).await
    }

    /// Waits for a hash slot until a deadline. A caller that gives its slot back and queues again passes the
    /// same deadline, so that all its waits together stay within one budget.
    ///
    /// # Errors
    ///
    /// [`QueueFull`] at once if the wait would end after the deadline, and later if it did.
    pub async fn slot_until(&self, flow: FlowKey, deadline: Instant) -> Result<HashSlot, QueueFull> {
        self.admission.enter(flow, deadline).await
    }

    /// When the budget of a caller that arrives now is used up.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.admission.deadline()
    }

    /// Lets the password actor compute a hash. The slot comes back with the answer. If the caller no longer
    /// waits, the slot is passed on when the hash has been computed.
    ///
    /// # Errors
    ///
    /// The message's error.
    pub async fn ask<M: PasswordMessage>(
        &self,
        slot: HashSlot,
        message: M,
    ) -> Result<(M::Answer, HashSlot), PasswordError> {
        self.handle.ask(WithSlot { message, slot }).await
    }

    /// How passwords are hashed and compared.
    #[must_use]
    pub fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    /// The number of slots.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.admission.slots()
    }

    /// The number of callers that wait for a slot.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.admission.waiting()
    }

    /// The actor behind the queue.
    #[must_use]
    pub const fn handle(&self) -> &Handle<PasswordActor> {
        &self.handle
    }
}
