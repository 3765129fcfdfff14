//! `sekisho backup FILE`

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{CommandError, output::print_line};
use crate::{
    actors::{
        db::sqlite::{DbFile, back_up},
        token::{Keyring, SigningSetup, try_keys},
    },
    config::{DatabaseArgs, EncryptionArgs},
    domain::{Audiences, Clock, Email, KeySet, KeyWrap, Random, Role, User, UserId, Username},
};

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// The file to write, which must not exist yet
    file: PathBuf,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    encryption: EncryptionArgs,
}

pub(super) fn run(args: &BackupArgs) -> Result<(), CommandError> {
    let source = DbFile::open_existing(&args.database.location)?;
    let key_wrap = args.encryption.key_wrap()?;
    let mut checked = KeyCheck::Done;
    let report = back_up(&source, &args.file, |keys| {
        checked = check_keys(keys, &key_wrap)?;
        Ok(())
    })?;
    print_line(&format!(
        "wrote {}: {} users, {} sessions, {} keys, {} bytes; {}",
        args.file.display(),
        report.users,
        report.sessions,
        report.keys,
        report.bytes,
        match checked {
            KeyCheck::Done => "its integrity and its keys were checked",
            KeyCheck::KeyMissing =>
                "its integrity was checked; its keys are encrypted and were not tried, without --encryption-key-file",
        }
    ))
}

/// Whether the keys of a copy were tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyCheck {
    /// They were tested, or there are none.
    Done,
    /// They are encrypted, and the encryption key was not given. Backups can be made without it.
    KeyMissing,
}

/// Signs a dummy token with the newest key and verifies it. A database whose server has never run, or signs
/// with a key from its configuration, has no such key and needs none.
pub(super) fn check_keys(keys: &KeySet, key_wrap: &KeyWrap) -> Result<KeyCheck, String> {
    let is_wrapped = keys.keys.iter().any(|key| key.private_key.wrapped_by().is_some());
    if keys.keys.is_empty() || keys.refresh_secrets.is_empty() {
        return Ok(KeyCheck::Done);
    }
    if is_wrapped && key_wrap.key_id().is_none() {
        return Ok(KeyCheck::KeyMissing);
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
        // The server encrypts the keys when it starts with an encryption key; a backup may be made before
        // that.
        key_wrap: if is_wrapped { key_wrap.clone() } else { KeyWrap::in_the_clear() },
    };
    let keyring = Keyring::new(keys, &setup).map_err(|error| error.to_string())?;
    try_keys(&keyring, &nobody, now, &Random::System).map_err(|error| error.to_string())?;
    Ok(KeyCheck::Done)
}
