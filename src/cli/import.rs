//! `sekisho import FILE`

use std::path::PathBuf;

use clap::Args;

use super::{
    Failed, complain,
    tools::{Tools, say},
};
use crate::{
    actors::{
        db::{ImportUsers, Problem, read_tutorial_database},
        password::check_hash,
    },
    config::DatabaseArgs,
};

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The SQLite file of the tutorial's application
    file: PathBuf,
    /// Change nothing and report what would happen
    #[arg(long)]
    dry_run: bool,
    /// Import the others where some users cannot be imported
    #[arg(long)]
    skip_invalid: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) async fn run(args: ImportArgs) -> Result<(), Failed> {
    let (read, mut problems) = read_tutorial_database(&args.file)?;
    let mut users = Vec::with_capacity(read.len());
    for user in read {
        match check_hash(&user.password_hash) {
            Ok(()) => users.push(user),
            Err(error) => problems.push(Problem { id: Some(user.id.0), reason: error.to_string() }),
        }
    }
    let tools = Tools::open_or_create(&args.database)?;
    let import = ImportUsers {
        users,
        problems,
        skip_invalid: args.skip_invalid,
        dry_run: args.dry_run,
        now: tools.clock.now(),
    };
    let report = tools.db.ask(import).await?;
    tools.close().await?;
    for problem in &report.problems {
        complain(&problem.to_string());
    }
    let (imported, present, refused) = (report.imported, report.present, report.problems.len());
    let summary = format!("{imported} new, {present} imported before, {refused} cannot be imported");
    if report.applied {
        return say(&format!("imported: {summary}"));
    }
    if args.dry_run {
        return say(&format!("dry run, nothing was changed: {summary}"));
    }
    Err(format!("nothing was imported ({summary}); --skip-invalid imports the others").into())
}
