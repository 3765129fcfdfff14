//! Compares the table of dangers in OPERATIONS.md with the source that finds them.

use std::collections::BTreeSet;

use crate::support::text;

#[test]
fn every_danger_is_in_the_table_and_no_other() {
    let sources =
        ["src/app/dangers/settings/mod.rs", "src/app/dangers/files.rs", "src/cli/dotenv.rs"].map(text);
    let made = sources.iter().flat_map(|source| {
        let (code, _) = source.split_once("#[cfg(test)]").unwrap_or((source, ""));
        let dangers = code.split("Danger::").skip(1);
        dangers.filter_map(|rest| {
            Some(rest.split_once('(')?.1.trim_start().strip_prefix('"')?.split_once('"')?.0)
        })
    });

    let operations = text("docs/OPERATIONS.md");
    let (_, table) = operations.split_once("| danger | when |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let told =
        table.lines().skip(2).flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2));

    let made: BTreeSet<_> = made.collect();
    assert!(made.len() > 15, "{made:?}");
    assert_eq!(told.collect::<BTreeSet<_>>(), made);
}
