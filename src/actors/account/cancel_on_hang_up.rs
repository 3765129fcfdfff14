//! A use case that runs.

use std::{pin::pin, rc::Rc};

use actix::{
    Actor,
    dev::{MessageResponse, OneshotSender},
};
use futures_util::future::{Either, select};

use super::{Dependencies, UseCase};

/// Runs a use case for as long as somebody waits for its answer.
///
/// When a client hangs up, its handler is dropped and with it the request for the answer. Then
/// the use case is dropped too, and the password that waits to be hashed for nobody leaves the
/// queue.
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
            // Whoever hung up just now wants no answer.
            let _ = sender.send(answer);
        });
    }
}
