//! `sekisho restore FILE`

use std::path::PathBuf;

use clap::Args;

use super::{CommandError, backup::check_keys, output::print_line};
use crate::{
    actors::db::sqlite::{OldTokens, restore},
    config::{Database, DatabaseArgs, EncryptionArgs},
};

#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// The backup, which is not changed
    file: PathBuf,
    /// Accept the refresh and access tokens that were valid at the time of the backup, including those
    /// revoked since
    #[arg(long)]
    keep_sessions: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    encryption: EncryptionArgs,
}

pub(super) fn run(args: &RestoreArgs) -> Result<(), CommandError> {
    let Database::File(target) = &args.database.location else {
        return Err("a backup is restored to a file, and :memory: is not a file".into());
    };
    let old_tokens = if args.keep_sessions { OldTokens::Keep } else { OldTokens::Invalidate };
    let key_wrap = args.encryption.key_wrap()?;
    let report = restore(&args.file, target, old_tokens, |keys| check_keys(keys, &key_wrap).map(|_| ()))?;
    let (users, path) = (report.users, target.display());
    match old_tokens {
        OldTokens::Invalidate => print_line(&format!(
            "restored {users} users to {path}; no session, key or token from before is valid: all users log in again"
        )),
        OldTokens::Keep => print_line(&format!(
            "restored {users} users, {} sessions and {} keys to {path}",
            report.sessions, report.keys
        )),
    }
}
