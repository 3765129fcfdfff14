//! Use cases of sessions and their tokens.

mod authenticate;
mod end_other_sessions;
mod end_own_session;
mod list;
mod list_own_sessions;
mod log_out;
mod refresh;
mod revoke;

pub use self::{
    authenticate::{Authenticate, AuthenticateError, Caller},
    end_other_sessions::EndOtherSessions,
    end_own_session::{EndOwnSession, OwnSessionError},
    list_own_sessions::ListOwnSessions,
    log_out::LogOut,
    refresh::{Refresh, RefreshError},
    revoke::Revoke,
};
pub(super) use self::{
    authenticate::{authenticate, authenticate_owner},
    list::list_sessions,
};
