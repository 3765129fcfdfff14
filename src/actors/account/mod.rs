//! `AccountActor`: the use cases.
//!
//! A use case is a message. HTTP handlers, tests and applications that embed Sekisho send it. The actor
//! contains no SQL, no cryptography and no HTTP: it asks the actors that do.

mod actor;
mod admin;
mod cancel_on_hang_up;
mod check_error;
mod coalescer;
mod dependencies;
mod error;
mod own;
mod registration;
mod session;
mod sign_in;
mod use_case;

pub use self::{
    actor::AccountActor,
    admin::*,
    cancel_on_hang_up::CancelOnHangUp,
    check_error::CheckError,
    coalescer::Coalescer,
    dependencies::{Dependencies, Rules},
    error::ActorError,
    own::*,
    registration::*,
    session::*,
    sign_in::*,
    use_case::UseCase,
};
