//! What administrators do to other users' accounts.

mod authorize;
mod browse_users;
mod change_user;
mod end_sessions_of_user;
mod error;
mod remove_user;
mod show_sessions_of_user;
mod show_user;

pub use self::{
    browse_users::BrowseUsers, change_user::ChangeUser, end_sessions_of_user::EndSessionsOfUser,
    error::AdminError, remove_user::RemoveUser, show_sessions_of_user::ShowSessionsOfUser,
    show_user::ShowUser,
};
