//! The output of commands.

use std::io::Write;

use serde_json::{Value, json};

use super::CommandError;

/// Prints a line of the command's result.
pub(super) fn print_line(line: &str) -> Result<(), CommandError> {
    writeln!(std::io::stdout(), "{line}")?;
    Ok(())
}

/// Prints rows: as a JSON array, or as columns under their names.
pub(super) fn print_rows(names: &[&str], rows: &[Vec<Value>], as_json: bool) -> Result<(), CommandError> {
    if as_json {
        let objects: Vec<Value> = rows
            .iter()
            .map(|row| {
                names.iter().zip(row).map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
            })
            .collect();
        return print_line(&format!("{:#}", json!(objects)));
    }
    let cells: Vec<Vec<String>> = std::iter::once(names.iter().map(|name| (*name).to_owned()).collect())
        .chain(rows.iter().map(|row| row.iter().map(cell).collect()))
        .collect();
    let widths: Vec<usize> = (0..names.len())
        .map(|column| {
            cells.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    for row in cells {
        let line: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}", width = *width)).collect();
        print_line(line.join("  ").trim_end())?;
    }
    Ok(())
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        // A name from another application may contain characters that a terminal would obey.
        Value::String(text) => text.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect(),
        other => other.to_string(),
    }
}

/// Prints on standard error, in one line, why the command failed.
pub(super) fn print_error(message: &str) {
    let line = message.replace('\n', " ");
    // If standard error is closed, the error cannot be reported.
    let _ = writeln!(std::io::stderr(), "sekisho: {line}");
}
