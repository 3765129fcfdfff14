//! `sekisho backup FILE`

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{Failed, tools::say};
use crate::{
    actors::{
        db::{DbFile, KeySet, back_up},
        token::{Keyring, RefreshKeys, SigningSetup, TagKey, try_keys},
    },
    config::DatabaseArgs,
    domain::{Audiences, Clock, Email, Random, Role, User, UserId, Username},
};

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// Where to; nothing may stand there yet
    file: PathBuf,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run(args: &BackupArgs) -> Result<(), Failed> {
    let source = DbFile::open_existing(&args.database.database)?;
    let report = back_up(&source, &args.file, check_keys)?;
    say(&format!(
        "wrote {}: {} users, {} sessions, {} keys, {} bytes; its integrity and its keys were checked",
        args.file.display(),
        report.users,
        report.sessions,
        report.keys,
        report.bytes
    ))
}

/// Has the newest key sign a token for nobody, and verifies it. A database whose server has never
/// run, or signs with a key of its configuration, holds no key and needs none.
pub(super) fn check_keys(keys: &KeySet) -> Result<(), String> {
    if keys.keys.is_empty() {
        return Ok(());
    }
    let now = Clock::System.now();
    let nobody = User {
        id: UserId(0),
        email: Email::from_trusted(String::new()),
        username: Username::from_trusted(String::new()),
        role: Role::User,
        disabled: true,
        created_at: now,
    };
    let setup = SigningSetup {
        issuer: "backup".to_owned(),
        audiences: Audiences::new("backup"),
        token_lifetime: Duration::from_mins(1),
        secret_key: None,
        started_at: now,
    };
    let keyring = Keyring::new(keys, &setup, RefreshKeys::new(&[]), TagKey::new(&[]))
        .map_err(|error| error.to_string())?;
    try_keys(&keyring, &nobody, now, &Random::System).map_err(|error| error.to_string())
}
