//! Durations in flags: a whole number of one unit.

use std::{ops::RangeInclusive, time::Duration};

use clap::builder::TypedValueParser;

pub(super) fn seconds(range: RangeInclusive<i64>) -> impl TypedValueParser<Value = Duration> {
    of_unit(Duration::from_secs(1), range)
}

pub(super) fn minutes(range: RangeInclusive<i64>) -> impl TypedValueParser<Value = Duration> {
    of_unit(Duration::from_mins(1), range)
}

pub(super) fn days(range: RangeInclusive<i64>) -> impl TypedValueParser<Value = Duration> {
    of_unit(Duration::from_hours(24), range)
}

fn of_unit(unit: Duration, range: RangeInclusive<i64>) -> impl TypedValueParser<Value = Duration> {
    clap::value_parser!(u32).range(range).map(move |number| unit * number)
}
