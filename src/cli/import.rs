//! `sekisho import FILE`

use std::path::PathBuf;

use clap::Args;

use super::{
    CommandError,
    database::CliDatabase,
    output::{print_error, print_line},
};
use crate::{
    actors::{
        db::{ImportUsers, sqlite::read_tutorial_database},
        password::check_hash,
    },
    config::{DatabaseArgs, PasswordArgs},
    domain::ImportFlaw,
};

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The SQLite file of the tutorial's application
    file: PathBuf,
    /// Change nothing and report what would happen
    #[arg(long)]
    dry_run: bool,
    /// Import the others if some users cannot be imported
    #[arg(long)]
    skip_invalid: bool,
    /// The server's cost; hashes whose cost is more than two above it are not imported
    #[arg(long, env = "SEKISHO_BCRYPT_COST", default_value_t = PasswordArgs::DEFAULT_BCRYPT_COST, value_parser = clap::value_parser!(u32).range(4..=31), value_name = "N")]
    bcrypt_cost: u32,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) async fn run(args: ImportArgs) -> Result<(), CommandError> {
    let mut users = read_tutorial_database(&args.file)?;
    let mut highest_cost = args.bcrypt_cost;
    for user in &mut users {
        match user.password_hash.as_ref().map(|hash| check_hash(hash, args.bcrypt_cost)) {
            Some(Ok(cost)) => highest_cost = highest_cost.max(cost),
            Some(Err(error)) => user.flaws.push(ImportFlaw::Hash(error.to_string())),
            None => {}
        }
    }
    let database = if args.dry_run {
        CliDatabase::open_or_pretend(&args.database)
    } else {
        CliDatabase::open_or_create(&args.database)
    }?;
    let import = ImportUsers { users, skip_invalid: args.skip_invalid, dry_run: args.dry_run };
    let report = database.ask(import).await?;
    database.close().await?;
    for problem in &report.problems {
        print_error(&problem.to_string());
    }
    if highest_cost > args.bcrypt_cost {
        print_error(&format!(
            "there are hashes of cost {highest_cost}: with --bcrypt-cost {} every login takes {} times as long from \
             now on, so that its time does not tell whose they are",
            args.bcrypt_cost,
            1 << (highest_cost - args.bcrypt_cost)
        ));
    }
    let (imported, present, refused) = (report.imported, report.present, report.problems.len());
    let summary = format!("{imported} new, {present} imported before, {refused} cannot be imported");
    if report.applied {
        return print_line(&format!("imported: {summary}"));
    }
    if args.dry_run {
        return print_line(&format!("dry run, nothing was changed: {summary}"));
    }
    Err(format!("nothing was imported ({summary}); --skip-invalid imports the others").into())
}
