//! The list of a user's sessions.

use crate::{
    actors::{
        account::Dependencies,
        db::{DbError, ListSessions},
    },
    domain::{Context, Session, UserId},
};

/// Finds a user's sessions, in the form in which they are reported.
pub(in crate::actors::account) async fn list_sessions(
    deps: &Dependencies,
    user_id: UserId,
    with_ended: bool,
    context: &Context,
) -> Result<Vec<Session>, DbError> {
    let sessions = deps.db.ask(ListSessions { user_id, with_ended }, context).await?;
    Ok(sessions.into_iter().map(|session| session.as_told(&deps.rules.sessions, context.now)).collect())
}
