//! `sekisho keys …`

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    Failed,
    tools::{Tools, print_rows, say},
};
use crate::{
    actors::{
        db::{FindKeys, KeySet},
        keeper::rotate_keys,
        token::{KeySummary, Keyring, RefreshKeys, SigningSetup, TagKey},
    },
    config::DatabaseArgs,
    domain::{Algorithm, Audiences, Timestamp},
};

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// List the signing keys and where each is in its life
    List(ListArgs),
    /// Make a new signing key; it signs when every verifier has seen it announced
    Rotate(RotateArgs),
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    /// How long an access token is valid, which is how long a key that was replaced verifies
    #[arg(long, env = "SEKISHO_ACCESS_TOKEN_MINUTES", default_value_t = 30, value_name = "N")]
    access_token_minutes: u32,
}

#[derive(Debug, Args)]
pub(super) struct RotateArgs {
    /// Let it sign at once; verifiers must look for the new key themselves
    #[arg(long)]
    now: bool,
    /// What it signs with [default: what the newest key signs with]
    #[arg(long, value_name = "NAME")]
    algorithm: Option<Algorithm>,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) async fn run(command: KeysCommand) -> Result<(), Failed> {
    match command {
        KeysCommand::List(args) => list(args).await,
        KeysCommand::Rotate(args) => rotate(args).await,
    }
}

fn summaries(set: &KeySet, token_minutes: u32, now: Timestamp) -> Result<Vec<KeySummary>, Failed> {
    let setup = SigningSetup {
        issuer: String::new(),
        audiences: Audiences::new(""),
        token_lifetime: Duration::from_secs(60 * u64::from(token_minutes)),
        secret_key: None,
        started_at: now,
    };
    Ok(Keyring::new(set, &setup, RefreshKeys::new(&[]), TagKey::new(&[]))?.summaries(now))
}

async fn list(args: ListArgs) -> Result<(), Failed> {
    const COLUMNS: [&str; 6] = ["kid", "algorithm", "state", "announced_at", "signs_from", "verifies_until"];
    let tools = Tools::open(&args.database)?;
    let set = tools.db.ask(FindKeys).await?;
    let now = tools.clock.now();
    tools.close().await?;
    let rows: Vec<_> = summaries(&set, args.access_token_minutes, now)?
        .into_iter()
        .map(|key| {
            vec![
                json!(key.kid),
                json!(key.algorithm.as_str()),
                json!(key.state.as_str()),
                json!(key.announced_at),
                json!(key.signs_from),
                json!(key.verifies_until),
            ]
        })
        .collect();
    print_rows(&COLUMNS, &rows, args.json)
}

async fn rotate(args: RotateArgs) -> Result<(), Failed> {
    let tools = Tools::open(&args.database)?;
    let newest = tools.db.ask(FindKeys).await?.keys.last().map(|key| key.algorithm);
    let algorithm = args.algorithm.or(newest).unwrap_or(Algorithm::Es256);
    let set = rotate_keys(&tools.db, algorithm, args.now, &tools.clock, &tools.random).await?;
    tools.close().await?;
    let key = set.keys.last().ok_or("no key was made")?;
    say(&format!("key {} ({algorithm}) signs from {}", key.kid, key.signs_from))
}
