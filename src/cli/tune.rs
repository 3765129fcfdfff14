//! `sekisho tune`

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::{
    CommandError,
    output::{print_line, print_rows},
};
use crate::{
    actors::password::{Speed, measure_speed},
    config::cores,
};

/// The longest time of a login that users do not notice.
const MAX_LOGIN_TIME: Duration = Duration::from_millis(250);

/// The lowest cost that is measured. Lower ones are too cheap to resist guessing.
const LOWEST_COST: u32 = 8;

/// The highest cost of bcrypt.
const HIGHEST_COST: u32 = 31;

/// The number of measurements; the fastest one counts.
const ROUNDS: u32 = 3;

#[derive(Debug, Args)]
pub(super) struct TuneArgs {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &TuneArgs) -> Result<(), CommandError> {
    let mut measured: Vec<(u32, Speed)> = Vec::new();
    for cost in LOWEST_COST..=HIGHEST_COST {
        let speed = measure_speed(cost, cores(), ROUNDS)?;
        measured.push((cost, speed));
        if speed.alone >= MAX_LOGIN_TIME {
            break;
        }
    }
    let within = measured.iter().rev().find(|(_, speed)| speed.alone < MAX_LOGIN_TIME);
    let advised = within.map_or(LOWEST_COST, |(cost, _)| *cost);
    let rows: Vec<_> = measured
        .iter()
        .map(|(cost, speed)| {
            vec![
                json!(cost),
                json!(millis(speed.alone)),
                json!(millis(speed.among_others)),
                json!(tenths(speed.per_second())),
                json!(*cost == advised),
            ]
        })
        .collect();
    print_rows(
        &["bcrypt_cost", "login_alone_ms", "login_in_a_storm_ms", "logins_per_second", "advised"],
        &rows,
        args.json,
    )?;
    if args.json {
        return Ok(());
    }
    let reason = match within {
        Some(_) => "the highest at which a login alone takes less than 250 ms on this machine",
        None => "a login takes 250 ms or more even so: this machine is slow, or others use it",
    };
    print_line(&format!("\nadvised: --bcrypt-cost {advised}, {reason}"))
}

fn millis(duration: Duration) -> f64 {
    tenths(duration.as_secs_f64() * 1000.0)
}

fn tenths(figure: f64) -> f64 {
    (figure * 10.0).round() / 10.0
}
