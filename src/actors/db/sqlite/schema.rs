//! The schema: its migrations, and whether a database has exactly what they create.

use std::collections::BTreeSet;

use rusqlite::{Connection, config::DbConfig};
use rusqlite_migration::{M, Migrations};

use crate::actors::db::DbError;

/// Forward only: a released migration is never changed, moved or removed.
pub(super) const MIGRATIONS: [M<'static>; 7] = [
    M::up(include_str!("../../../../migrations/sqlite/0001_accounts.sql")),
    M::up(include_str!("../../../../migrations/sqlite/0002_password_version.sql")),
    M::up(include_str!("../../../../migrations/sqlite/0003_password_cost.sql")),
    M::up(include_str!("../../../../migrations/sqlite/0004_admin_by_name.sql")),
    M::up(include_str!("../../../../migrations/sqlite/0005_unfinished.sql")),
    M::up(include_str!("../../../../migrations/sqlite/0006_sessions_by_network.sql")),
    M::up(include_str!("../../../../migrations/sqlite/0007_refresh_chains.sql")),
];

/// `PRAGMA application_id` of Sekisho's files: "SEKI".
pub(super) const APPLICATION_ID: i32 = 0x5345_4B49;

/// Protects against a file that another program may have made. Nothing in its schema can call functions with
/// side effects, malformed pages are detected, and SQL cannot change the table of the schema itself
/// (<https://www.sqlite.org/security.html>).
pub(super) fn distrust(db: &Connection) -> Result<(), DbError> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    db.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")?;
    Ok(())
}

/// Finds the first table, index, trigger or view that a database of this version does not have, or that is
/// missing or different; `None` if the schema is as it should be.
pub(super) fn find_foreign(db: &Connection) -> Result<Option<String>, DbError> {
    let version: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    let mut ours = Connection::open_in_memory()?;
    let migrations = Migrations::new(MIGRATIONS.to_vec());
    migrations.to_version(&mut ours, version).map_err(|error| DbError::Other(error.to_string()))?;
    let (found, expected) = (objects(db)?, objects(&ours)?);
    let differs = found.symmetric_difference(&expected).next();
    Ok(differs.map(|object| format!("the {} {} is not Sekisho's own", object.kind, object.name)))
}

/// A row of `sqlite_schema`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Object {
    kind: String,
    name: String,
    table: String,
    /// Absent for the indexes of UNIQUE and PRIMARY KEY.
    sql: Option<String>,
}

/// The tables that `ANALYZE` creates: statistics for the query planner, which nothing else reads.
const STATISTICS: [&str; 2] =
    ["CREATE TABLE sqlite_stat1(tbl,idx,stat)", "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)"];

fn objects(db: &Connection) -> Result<BTreeSet<Object>, DbError> {
    let mut statement = db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema")?;
    let objects = statement.query_map([], |row| {
        Ok(Object {
            kind: row.get("type")?,
            name: row.get("name")?,
            table: row.get("tbl_name")?,
            sql: row.get("sql")?,
        })
    })?;
    let is_statistics = |object: &Object| {
        object.kind == "table" && object.sql.as_deref().is_some_and(|sql| STATISTICS.contains(&sql))
    };
    let objects = objects.filter(|object| !object.as_ref().is_ok_and(is_statistics));
    Ok(objects.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(version: usize) -> Connection {
        let mut db = Connection::open_in_memory().unwrap();
        Migrations::new(MIGRATIONS.to_vec()).to_version(&mut db, version).unwrap();
        db
    }

    #[test]
    fn migrations_are_valid() {
        assert_eq!(Migrations::new(MIGRATIONS.to_vec()).validate(), Ok(()));
    }

    #[test]
    fn a_database_of_every_version_is_ours() {
        for version in 1..=MIGRATIONS.len() {
            assert_eq!(find_foreign(&database(version)), Ok(None), "{version}");
        }
    }

    #[test]
    fn whatever_is_more_or_less_or_different_is_named() {
        for (sql, expected) in [
            ("CREATE TABLE notes (text TEXT)", "the table notes"),
            ("CREATE INDEX i ON users (role)", "the index i"),
            ("CREATE VIEW v AS SELECT 1", "the view v"),
            (
                "CREATE TRIGGER t AFTER INSERT ON users BEGIN UPDATE users SET role = 'admin'; END",
                "the trigger t",
            ),
            ("DROP INDEX sessions_of_user", "the index sessions_of_user"),
            ("ALTER TABLE sessions ADD COLUMN note TEXT", "the table sessions"),
        ] {
            let db = database(MIGRATIONS.len());
            db.execute_batch(sql).unwrap();

            let found = find_foreign(&db).unwrap().unwrap_or_default();

            assert!(found.starts_with(expected), "{sql}: {found}");
        }
    }

    #[test]
    fn the_planners_statistics_are_nobodys() {
        let db = database(MIGRATIONS.len());
        db.execute_batch("INSERT INTO retired_usernames VALUES ('somebody', 0); ANALYZE").unwrap();

        assert_eq!(find_foreign(&db), Ok(None));
    }
}
