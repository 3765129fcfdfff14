//! Confirming the password before a change that cannot be undone.

use super::OwnAccountError;
use crate::{
    actors::{
        account::{AuthenticateError, Caller, Dependencies, sign_in::PasswordCheck},
        db::{Credentials, FindCredentials, LoginIdentifier},
        password::{HashSlot, PasswordVerdict},
    },
    domain::{LoginName, Password, RequestOrigin},
};

/// Checks the caller's password. A wrong one counts as a failed login.
pub(super) async fn confirm(
    deps: &Dependencies,
    caller: &Caller,
    password: Password,
    origin: &RequestOrigin,
) -> Result<Credentials, OwnAccountError> {
    confirm_keeping_slot(deps, caller, password, origin).await.map(|(credentials, _)| credentials)
}

/// Checks the caller's password, and returns the hash slot that the check used.
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
