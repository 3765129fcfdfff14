//! `sekisho backup FILE` and `sekisho restore FILE`

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{Failed, tools::say};
use crate::{
    actors::{
        db::{DbFile, Issued, KeySet, back_up, restore},
        token::{Keyring, RefreshKeys, SigningSetup, try_keys},
    },
    config::{Database, DatabaseArgs},
    domain::{Clock, Email, Random, Role, User, UserId, Username},
};

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// Where to; nothing may stand there yet
    file: PathBuf,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// What `sekisho backup` wrote; it stays as it is
    file: PathBuf,
    /// Accept the refresh and access tokens that were valid at the time of the backup. Those revoked since are among
    /// them
    #[arg(long)]
    keep_sessions: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) fn run_restore(args: &RestoreArgs) -> Result<(), Failed> {
    let Database::File(target) = &args.database.database else {
        return Err("a backup is restored to a file, and :memory: is none".into());
    };
    let issued = if args.keep_sessions { Issued::Accepted } else { Issued::Refused };
    let report =
        restore(&args.file, target, issued, |keys| check_keys(keys).map_err(|error| error.to_string()))?;
    let (users, path) = (report.users, target.display());
    match issued {
        Issued::Refused => say(&format!(
            "restored {users} users to {path}; no session, key or token from before is valid: everybody logs in again"
        )),
        Issued::Accepted => say(&format!(
            "restored {users} users, {} sessions and {} keys to {path}",
            report.sessions, report.keys
        )),
    }
}

pub(super) fn run(args: &BackupArgs) -> Result<(), Failed> {
    let source = DbFile::open_existing(&args.database.database)?;
    let report = back_up(&source, &args.file, |keys| check_keys(keys).map_err(|error| error.to_string()))?;
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
fn check_keys(keys: &KeySet) -> Result<(), Failed> {
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
        token_lifetime: Duration::from_mins(1),
        secret_key: None,
        started_at: now,
    };
    let keyring = Keyring::new(keys, &setup, RefreshKeys::new(&[]))?;
    Ok(try_keys(&keyring, &nobody, now, &Random::System)?)
}
