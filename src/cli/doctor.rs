//! `sekisho doctor`

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::{CommandError, dotenv::Dotenv, output::print_line};
use crate::{
    app::{Danger, Severity, find_dangers},
    config::Config,
};

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: Config,
}

/// Reports the dangers of running `serve` with the same settings. The exit code is 1 if there is a danger;
/// hints do not count.
pub(super) fn run(args: &DoctorArgs, dotenv: &Dotenv) -> Result<ExitCode, CommandError> {
    // Settings that `serve` refuses are refused here.
    args.config.token.hs256_key()?;
    args.config.encryption.key_wrap()?;
    let issuer =
        args.config.token.issuer.clone().unwrap_or_else(|| format!("http://{}", args.config.server.listen));
    args.config.token.audiences(&issuer)?;
    let mut dangers = find_dangers(&args.config);
    dangers.extend(dotenv.danger());
    if args.json {
        print_line(&format!("{:#}", json!(dangers)))?;
    } else {
        for danger in &dangers {
            print_line(&line(danger))?;
        }
        if dangers.is_empty() {
            print_line("nothing dangerous was found")?;
        }
    }
    let is_dangerous = dangers.iter().any(|danger| danger.severity == Severity::Danger);
    Ok(ExitCode::from(u8::from(is_dangerous)))
}

fn line(danger: &Danger) -> String {
    match danger.severity {
        Severity::Danger => danger.to_string(),
        Severity::Hint => format!("{danger} (a hint)"),
    }
}
