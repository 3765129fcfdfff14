//! `sekisho backup FILE`

use std::path::PathBuf;

use clap::Args;

use super::{Failed, tools::say};
use crate::{
    actors::db::{DbFile, back_up},
    config::DatabaseArgs,
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
    let report = back_up(&source, &args.file)?;
    say(&format!(
        "wrote {}: {} users, {} sessions, {} keys, {} bytes; its integrity was checked",
        args.file.display(),
        report.users,
        report.sessions,
        report.keys,
        report.bytes
    ))
}
