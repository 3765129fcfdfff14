//! The log: which records are written, and the two formats of a line.
//!
//! A record's fields (`log::info!(status = 503; "…")`) stand before its message in text, and are members in
//! JSON. In either format a record is one line, whatever its message contains.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    fmt::{self, Write as _},
    io::{self, Write},
    panic::PanicHookInfo,
    thread,
};

use env_logger::fmt::Formatter;
use log::{
    LevelFilter, Record,
    kv::{self, Key, Value, VisitSource},
};
use serde::ser::{SerializeMap, Serializer};

use super::output::print_error;
use crate::config::LogFormat;

/// The default of `RUST_LOG`: what an operator must know. The access log has a line per request, which costs
/// as much as answering one; `RUST_LOG=info` adds it. actix-http logs input that is not a request as an
/// error, which would let strangers fill the disk.
const DEFAULT_FILTER: &str =
    "info,sekisho::access=warn,actix_http::h1=off,actix_server=warn,rusqlite_migration=warn";

/// The target of panics in a JSON log.
const PANIC: &str = "panic";

/// The target of the error that ends the command, in a JSON log.
const FAILED: &str = "sekisho::failed";

/// Starts the log, on standard error.
///
/// In a JSON log a panic is a record too. It is written whatever `RUST_LOG` says, as in text.
pub(super) fn start(format: LogFormat) {
    let mut logger =
        env_logger::Builder::from_env(env_logger::Env::default().default_filter_or(DEFAULT_FILTER));
    match format {
        LogFormat::Text => logger.format(write_text),
        LogFormat::Json => {
            std::panic::set_hook(Box::new(log_panic));
            logger
                .filter_module(PANIC, LevelFilter::Error)
                .filter_module(FAILED, LevelFilter::Error)
                .format(write_json)
        }
    };
    logger.init();
}

/// Reports why the command failed: by a record in a JSON log, otherwise as every command does.
pub(super) fn fail(format: LogFormat, message: &str) {
    match format {
        LogFormat::Text => print_error(message),
        LogFormat::Json => log::error!(target: FAILED, "{message}"),
    }
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("a panic without a message");
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = thread::current();
    let thread = thread.name().unwrap_or_default();
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        log::error!(target: PANIC, thread, location, backtrace:%; "{message}");
    } else {
        log::error!(target: PANIC, thread, location; "{message}");
    }
}

fn write_text(line: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    write!(line, "[{} {:<5} {}]", line.timestamp(), record.level(), record.target())?;
    record.key_values().visit(&mut TextFields(line)).map_err(io::Error::other)?;
    let message = record.args().to_string();
    if !message.is_empty() {
        write!(line, " {}", OneLine(&message))?;
    }
    writeln!(line)
}

struct TextFields<'a>(&'a mut Formatter);

impl<'kvs> VisitSource<'kvs> for TextFields<'_> {
    /// Writes ` KEY=VALUE`. Ambiguous values are quoted.
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let value = value.to_string();
        if value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte)) {
            write!(self.0, " {key}={value}")?;
        } else {
            write!(self.0, " {key}={value:?}")?;
        }
        Ok(())
    }
}

/// A text with its control characters, including line ends, shown as escapes.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| {
            if char.is_control() { write!(f, "{}", char.escape_default()) } else { f.write_char(char) }
        })
    }
}

fn write_json(line: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let time = line.timestamp_millis();
    let mut json = serde_json::Serializer::new(&mut *line);
    let mut object = json.serialize_map(None)?;
    object.serialize_entry("time", &format_args!("{time}"))?;
    object.serialize_entry("level", record.level().as_str())?;
    object.serialize_entry("target", record.target())?;
    object.serialize_entry("message", record.args())?;
    record.key_values().visit(&mut JsonFields(&mut object)).map_err(io::Error::other)?;
    object.end()?;
    writeln!(line)
}

struct JsonFields<'a, M>(&'a mut M);

impl<'kvs, M: SerializeMap> VisitSource<'kvs> for JsonFields<'_, M> {
    /// Writes a member: a number or a boolean as such, any other value as a string.
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let (key, object) = (key.as_str(), &mut self.0);
        let written = match (value.to_i64(), value.to_bool()) {
            (Some(number), _) => object.serialize_entry(key, &number),
            (None, Some(boolean)) => object.serialize_entry(key, &boolean),
            (None, None) => object.serialize_entry(key, &format_args!("{value}")),
        };
        written.map_err(|_| kv::Error::msg("a field cannot be written as JSON"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_of_a_message_are_escaped() {
        for (message, expected) in [
            ("plain: \"quoted\" and ünï ☃", "plain: \"quoted\" and ünï ☃"),
            ("one\ntwo\r\n", "one\\ntwo\\r\\n"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("\u{85}", "\\u{85}"),
        ] {
            assert_eq!(OneLine(message).to_string(), expected);
        }
    }
}
