//! The confirmation of what cannot be undone by the password.

use super::OwnAccountError;
use crate::{
    actors::{
        account::{AuthenticateError, Caller, Dependencies, sign_in::PasswordCheck},
        db::{Credentials, FindCredentials, LoginIdentifier},
        password::{HashSlot, PasswordVerdict},
    },
    domain::{LoginName, Password, RequestOrigin},
};

/// Has the caller's password confirmed; a wrong one counts as a failed login.
pub(super) async fn confirm(
    deps: &Dependencies,
    caller: &Caller,
    password: Password,
    origin: &RequestOrigin,
) -> Result<Credentials, OwnAccountError> {
    confirm_keeping_slot(deps, caller, password, origin).await.map(|(credentials, _)| credentials)
}

/// The same, and returns the hash slot with which the password was checked.
pub(super) async fn confirm_keeping_slot(
    deps: &Dependencies,
    caller: &Caller,
    password: Password,
    origin: &RequestOrigin,
) -> Result<(Credentials, HashSlot), OwnAccountError> {
    let name = LoginName::from(&caller.user.username);
    let check = PasswordCheck::of_confirmation(deps, &name, caller.session_id, origin).await?;
    let id = caller.user.id;
    let credentials = deps
        .db
        .ask(FindCredentials { identifier: LoginIdentifier::Id(id) }, &caller.context(deps, origin))
        .await?
        .ok_or(AuthenticateError::Ended)?;
    match check.run_keeping_slot(Some(id), password, Some(credentials.password_hash.clone())).await? {
        (PasswordVerdict::Right { .. }, slot) => Ok((credentials, slot)),
        (PasswordVerdict::Wrong, _) => Err(OwnAccountError::WrongPassword),
    }
}
