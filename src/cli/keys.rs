//! `sekisho keys …`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    CommandError,
    database::CliDatabase,
    output::{print_line, print_rows},
};
use crate::{
    actors::{
        db::FindKeys,
        maintenance::{
            Revoked, revoke_key, rewrap_secrets, rotate_keys, rotate_refresh_secret, wrap_secrets,
        },
        token::{JWKS_MAX_AGE, summarize_keys},
    },
    config::{AccessTokenArgs, DatabaseArgs, EncryptionArgs, read_key_wrap},
    domain::{Algorithm, KeyWrap},
};

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// List the signing keys and the state of each
    List(ListArgs),
    /// Make a new signing key; it signs when every verifier has seen it announced
    Rotate(RotateArgs),
    /// Refuse at once whatever a key has signed; if it is the signing key, a new key replaces it
    Revoke(RevokeArgs),
    /// Encrypt the secrets in the database with another key, or store them in the clear
    Rewrap(RewrapArgs),
    /// Make a new secret for refresh tokens; existing tokens are still accepted
    RotateRefreshSecret(RotateRefreshSecretArgs),
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    access_tokens: AccessTokenArgs,
}

#[derive(Debug, Args)]
pub(super) struct RotateArgs {
    /// Let it sign at once; verifiers must fetch the new key themselves
    #[arg(long)]
    now: bool,
    /// The algorithm of the new key [default: that of the newest key]
    #[arg(long, value_name = "NAME")]
    algorithm: Option<Algorithm>,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    encryption: EncryptionArgs,
}

#[derive(Debug, Args)]
pub(super) struct RotateRefreshSecretArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    encryption: EncryptionArgs,
}

#[derive(Debug, Args)]
pub(super) struct RevokeArgs {
    /// The key's id, as `sekisho keys list` shows it
    // One in 64 ids begins with a hyphen.
    #[arg(allow_hyphen_values = true)]
    kid: String,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    encryption: EncryptionArgs,
}

#[derive(Debug, Args)]
#[group(id = "to", required = true, multiple = false, args = ["new_encryption_key_file", "decrypt"])]
pub(super) struct RewrapArgs {
    /// A file with the key to encrypt them with from now on
    #[arg(long, value_name = "FILE")]
    new_encryption_key_file: Option<PathBuf>,
    /// Store them in the clear
    #[arg(long)]
    decrypt: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    encryption: EncryptionArgs,
}

pub(super) async fn run(command: KeysCommand) -> Result<(), CommandError> {
    match command {
        KeysCommand::List(args) => list(args).await,
        KeysCommand::Rotate(args) => rotate(args).await,
        KeysCommand::Revoke(args) => revoke(args).await,
        KeysCommand::Rewrap(args) => rewrap(args).await,
        KeysCommand::RotateRefreshSecret(args) => rotate_secret(args).await,
    }
}

async fn list(args: ListArgs) -> Result<(), CommandError> {
    const COLUMNS: [&str; 6] = ["kid", "algorithm", "state", "announced_at", "signs_from", "verifies_until"];
    let database = CliDatabase::open(&args.database)?;
    let set = database.ask(FindKeys).await?;
    let now = database.context().now;
    database.close().await?;
    let rows: Vec<_> = summarize_keys(&set, args.access_tokens.lifetime, now)
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

async fn rotate(args: RotateArgs) -> Result<(), CommandError> {
    let database = CliDatabase::open(&args.database)?;
    let newest = database.ask(FindKeys).await?.keys.last().map(|key| key.algorithm);
    let algorithm = args.algorithm.or(newest).unwrap_or(Algorithm::Es256);
    let key_wrap = args.encryption.key_wrap()?;
    wrap_secrets(&database.db, &key_wrap, &database.context()).await?;
    let maker = (&key_wrap, &database.random);
    let set = rotate_keys(&database.db, algorithm, args.now, &database.context(), maker).await?;
    database.close().await?;
    let key = set.keys.last().ok_or("no key was made")?;
    print_line(&format!("key {} ({algorithm}) signs from {}", key.kid, key.signs_from))
}

async fn revoke(args: RevokeArgs) -> Result<(), CommandError> {
    let database = CliDatabase::open(&args.database)?;
    let key_wrap = args.encryption.key_wrap()?;
    wrap_secrets(&database.db, &key_wrap, &database.context()).await?;
    let revoked =
        revoke_key(&database.db, &args.kid, &database.context(), (&key_wrap, &database.random)).await?;
    database.close().await?;
    let kid = args.kid;
    let signs = match revoked {
        None => {
            return Err(format!(
                "there is no key {kid} in the database; a key of the configuration (--secret-key) is replaced there"
            )
            .into());
        }
        Some(Revoked::NotSigning) => String::new(),
        Some(Revoked::ReplacedBy(successor)) => format!("; key {successor} signs"),
    };
    let minutes = JWKS_MAX_AGE.as_secs() / 60;
    print_line(&format!(
        "revoked key {kid}{signs}. Running servers refuse what it signed within a second, other services when their copy \
         of the JWKS is {minutes} minutes old"
    ))
}

async fn rewrap(args: RewrapArgs) -> Result<(), CommandError> {
    let from = args.encryption.key_wrap()?;
    let to = match &args.new_encryption_key_file {
        Some(path) => read_key_wrap(path, "--new-encryption-key-file")?,
        None => KeyWrap::in_the_clear(),
    };
    let database = CliDatabase::open(&args.database)?;
    let secrets = rewrap_secrets(&database.db, &from, &to, &database.context()).await?;
    // The log holds the previous content of pages until that is written over.
    let emptied = database.file.empty_log();
    database.close().await?;
    let how = match to.key_id() {
        Some(id) => format!("encrypted {secrets} keys and secrets with the key {id}"),
        None => format!("{secrets} keys and secrets stand in the clear"),
    };
    print_line(&format!(
        "{how}; restart each server with that key, for until then it cannot read or store a new one"
    ))?;
    emptied.map_err(|error| {
        format!("the secrets as they were stand in the log until it is written over: {error}").into()
    })
}
async fn rotate_secret(args: RotateRefreshSecretArgs) -> Result<(), CommandError> {
    let database = CliDatabase::open(&args.database)?;
    let key_wrap = args.encryption.key_wrap()?;
    wrap_secrets(&database.db, &key_wrap, &database.context()).await?;
    let secret =
        rotate_refresh_secret(&database.db, &database.context(), (&key_wrap, &database.random)).await?;
    database.close().await?;
    print_line(&format!(
        "version {} of the refresh secret makes new tokens from {}; those of before go on being accepted",
        secret.version, secret.used_from
    ))
}
