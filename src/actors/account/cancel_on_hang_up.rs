//! Cancels a use case when its client hangs up.

use std::{pin::pin, rc::Rc};

use actix::{
    Actor,
    dev::{MessageResponse, OneshotSender},
};
use futures_util::future::{Either, select};

use super::{Dependencies, UseCase};

/// Runs a use case while its sender waits for the answer.
///
/// When a client hangs up, actix drops its handler, and with it the pending request for the answer. This
/// future then drops the use case too, so a password that waits to be hashed leaves the queue.
pub struct CancelOnHangUp<M> {
    message: M,
    deps: Rc<Dependencies>,
}

impl<M> CancelOnHangUp<M> {
    pub(super) const fn new(message: M, deps: Rc<Dependencies>) -> Self {
        Self { message, deps }
    }
}

impl<A: Actor, M: UseCase> MessageResponse<A, M> for CancelOnHangUp<M> {
    fn handle(self, _: &mut A::Context, sender: Option<OneshotSender<M::Result>>) {
        let Some(mut sender) = sender else { return };
        actix::spawn(async move {
            let answer = {
                let work = pin!(self.message.run(&self.deps));
                let hung_up = pin!(sender.closed());
                match select(work, hung_up).await {
                    Either::Left((answer, _)) => answer,
                    Either::Right(_) => return,
                }
            };
            // Sending fails only if the client hung up just now.
            let _ = sender.send(answer);
        });
    }
}
