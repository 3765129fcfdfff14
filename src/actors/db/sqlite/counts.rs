//! The SQL of counting rows, one slice at a time.

use super::{Access, Run, Tx};
use crate::actors::db::{CountSlice, DbError, Slice, TableCounts};

impl Run for CountSlice {
    const ACCESS: Access = Access::Read;

    fn run(self, tx: &Tx<'_>) -> Result<TableCounts, DbError> {
        let slice = |sql: &str, after: i64| -> Result<Slice, DbError> {
            let (count, seen, last): (i64, i64, Option<i64>) = tx
                .prepare_cached(sql)?
                .query_one((after, self.rows), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(Slice { count, next: last.filter(|_| seen == self.rows) })
        };
        Ok(TableCounts {
            users: slice(
                "SELECT count(*), count(*), max(id)
                 FROM (SELECT id FROM users WHERE id > ?1 ORDER BY id LIMIT ?2)",
                self.users_after,
            )?,
            sessions: slice(
                "SELECT coalesce(sum(ended_at IS NULL), 0), count(*), max(id)
                 FROM (SELECT id, ended_at FROM sessions WHERE id > ?1 ORDER BY id LIMIT ?2)",
                self.sessions_after,
            )?,
            database_bytes: tx
                .prepare_cached("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")?
                .query_one([], |row| row.get(0))?,
        })
    }
}
