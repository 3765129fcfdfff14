//! `sekisho sessions …`

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    CommandError,
    database::CliDatabase,
    output::{print_line, print_rows},
};
use crate::{
    actors::db::{EndSession, EndUserSessions, ListSessions},
    config::DatabaseArgs,
    domain::{EndReason, SessionId},
};

#[derive(Debug, Subcommand)]
pub(super) enum SessionsCommand {
    /// List a user's sessions, including those that ended recently, with the reason
    List(ListArgs),
    /// End one session, or all of a user's
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// The user: a username or an e-mail address
    name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Debug, Args)]
#[group(id = "which", required = true, multiple = false, args = ["id", "user"])]
pub(super) struct RevokeArgs {
    /// The session's number
    id: Option<i64>,
    /// All sessions of this user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) async fn run(command: SessionsCommand) -> Result<(), CommandError> {
    match command {
        SessionsCommand::List(args) => list(args).await,
        SessionsCommand::Revoke(args) => revoke(args).await,
    }
}

async fn list(args: ListArgs) -> Result<(), CommandError> {
    const COLUMNS: [&str; 8] =
        ["id", "created_at", "last_used_at", "expires_at", "ip", "user_agent", "ended_at", "end_reason"];
    let database = CliDatabase::open(&args.database)?;
    let user_id = database.user(&args.name).await?.id;
    let list = ListSessions { user_id, with_ended: true };
    let sessions = database.ask(list).await?;
    database.close().await?;
    let rows: Vec<_> = sessions
        .iter()
        .map(|session| {
            vec![
                json!(session.id),
                json!(session.created_at),
                json!(session.last_used_at),
                json!(session.expires_at),
                json!(session.ip),
                json!(session.user_agent),
                json!(session.ended.map(|(at, _)| at)),
                json!(session.ended.map(|(_, reason)| reason.as_str())),
            ]
        })
        .collect();
    print_rows(&COLUMNS, &rows, args.json)
}

async fn revoke(args: RevokeArgs) -> Result<(), CommandError> {
    let database = CliDatabase::open(&args.database)?;
    let reason = EndReason::RevokedByAdmin;
    let ended = match (args.id, args.user) {
        (Some(id), _) => {
            let end = EndSession { id: SessionId(id), owner: None, reason };
            usize::from(database.ask(end).await?)
        }
        (None, name) => {
            let user_id = database.user(&name.unwrap_or_default()).await?.id;
            let end = EndUserSessions { user_id, except: None, reason };
            database.ask(end).await?.unwrap_or(0)
        }
    };
    database.close().await?;
    match (ended, args.id) {
        (0, Some(id)) => Err(format!("there is no live session {id}").into()),
        (1, _) => print_line("ended 1 session"),
        (many, _) => print_line(&format!("ended {many} sessions")),
    }
}
