//! Whether a caller may administer.

use super::AdminError;
use crate::{
    actors::account::{Caller, Dependencies, session::authenticate},
    domain::{AccessToken, Scope},
};

pub(super) async fn authorize(deps: &Dependencies, token: AccessToken) -> Result<Caller, AdminError> {
    let caller = authenticate(deps, token).await?;
    // The scope holds what the token allows and what the role, as it is now, still does.
    if caller.scope.contains(Scope::ADMIN) { Ok(caller) } else { Err(AdminError::Forbidden) }
}

/// The same for what cannot be taken back, or gives somebody an account: whoever has come by an
/// administrator's token cannot do it without the password.
pub(super) async fn authorize_recent(deps: &Dependencies, token: AccessToken) -> Result<Caller, AdminError> {
    let caller = authorize(deps, token).await?;
    if caller.authenticated_recently(deps.clock.now()) { Ok(caller) } else { Err(AdminError::NotRecent) }
}
