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
        db::FindKeys,
        keeper::{rotate_keys, wrap_secrets},
        token::summarize_keys,
    },
    config::{DatabaseArgs, EncryptionArgs},
    domain::Algorithm,
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
    #[command(flatten)]
    encryption: EncryptionArgs,
}

pub(super) async fn run(command: KeysCommand) -> Result<(), Failed> {
    match command {
        KeysCommand::List(args) => list(args).await,
        KeysCommand::Rotate(args) => rotate(args).await,
    }
}

async fn list(args: ListArgs) -> Result<(), Failed> {
    const COLUMNS: [&str; 6] = ["kid", "algorithm", "state", "announced_at", "signs_from", "verifies_until"];
    let tools = Tools::open(&args.database)?;
    let set = tools.db.ask(FindKeys).await?;
    let now = tools.clock.now();
    tools.close().await?;
    let token_lifetime = Duration::from_secs(60 * u64::from(args.access_token_minutes));
    let rows: Vec<_> = summarize_keys(&set, token_lifetime, now)
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
    let key_wrap = args.encryption.key_wrap()?;
    wrap_secrets(&tools.db, &key_wrap).await?;
    let maker = (&key_wrap, &tools.random);
    let set = rotate_keys(&tools.db, algorithm, args.now, &tools.clock, maker).await?;
    tools.close().await?;
    let key = set.keys.last().ok_or("no key was made")?;
    say(&format!("key {} ({algorithm}) signs from {}", key.kid, key.signs_from))
}
