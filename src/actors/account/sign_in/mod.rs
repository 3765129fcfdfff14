//! Opening sessions with a password.

mod log_in;
mod new_session;
mod password_check;
mod renewals;

pub use self::{
    log_in::{LogIn, LoginError},
    renewals::Renewals,
};
pub(super) use self::{new_session::new_session, password_check::PasswordCheck};
