//! The actor that runs the use cases.

use std::rc::Rc;

use actix::{Actor, Context, Handler};

use super::{Dependencies, UseCase, cancel_on_hang_up::CancelOnHangUp};
use crate::actors::{Named, Ping, PingError};

/// Runs the use cases; see the module's documentation.
pub struct AccountActor {
    deps: Rc<Dependencies>,
}

impl AccountActor {
    /// Creates an actor that asks these other actors.
    #[must_use]
    pub fn new(deps: Dependencies) -> Self {
        Self { deps: Rc::new(deps) }
    }
}

impl Actor for AccountActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(4096);
    }
}

impl Named for AccountActor {
    const NAME: &'static str = "account";
}

impl<M: UseCase> Handler<M> for AccountActor {
    type Result = CancelOnHangUp<M>;

    fn handle(&mut self, message: M, _: &mut Context<Self>) -> CancelOnHangUp<M> {
        CancelOnHangUp::new(message, Rc::clone(&self.deps))
    }
}

impl Handler<Ping> for AccountActor {
    type Result = Result<(), PingError>;

    fn handle(&mut self, _: Ping, _: &mut Context<Self>) -> Self::Result {
        Ok(())
    }
}
