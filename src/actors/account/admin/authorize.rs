//! Checks that a caller may administer.

use super::AdminError;
use crate::{
    actors::account::{Caller, Dependencies, session::authenticate},
    domain::{AccessToken, Scope},
};

pub(super) async fn authorize(deps: &Dependencies, token: AccessToken) -> Result<Caller, AdminError> {
    let caller = authenticate(deps, token).await?;
    // The scope is what the token and the user's current role both allow.
    if caller.scope.contains(Scope::ADMIN) { Ok(caller) } else { Err(AdminError::Forbidden) }
}

/// Checks the same for requests that cannot be undone or that give access to an account. A stolen
/// administrator's token alone is not enough for them: they need a recent login.
pub(super) async fn authorize_recent(deps: &Dependencies, token: AccessToken) -> Result<Caller, AdminError> {
    let caller = authorize(deps, token).await?;
    if caller.authenticated_recently(deps.clock.now()) { Ok(caller) } else { Err(AdminError::NotRecent) }
}
