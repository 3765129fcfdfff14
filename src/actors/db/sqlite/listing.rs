//! The SQL of pages of users, by keyset.

use rusqlite::Rows;

use super::{
    Access, Run, Tx,
    columns::{user, user_columns},
};
use crate::{
    actors::db::{DbError, ListUsers, Page},
    domain::Cursor,
};

/// All users, in the order of the primary key.
const BY_ID: &str =
    concat!("SELECT '', 0, ", user_columns!(), " FROM users u WHERE u.id > ?1 ORDER BY u.id LIMIT ?2");

/// Two ranges of two unique indexes, merged in their common order, starting after the previous page. No term
/// occurs twice, because only e-mail addresses contain an `@`.
///
/// A user who matches by both names occurs twice, the second time marked. The query does not leave those rows
/// out: if all users matched by both names, it would read all of them to find none.
const BY_PREFIX: &str = concat!(
    "SELECT u.username_key AS term, 0, ",
    user_columns!(),
    " FROM users u
     WHERE u.username_key >= ?1 AND u.username_key < ?2 AND u.username_key > ?3
     UNION ALL
     SELECT u.email_key AS term, u.username_key >= ?4 AND u.username_key < ?2, ",
    user_columns!(),
    " FROM users u
     WHERE u.email_key >= ?1 AND u.email_key < ?2 AND u.email_key > ?3
     ORDER BY term LIMIT ?5"
);

/// The maximum number of rows that a page by prefix reads for each user that it lists. A page that meets more
/// users who were already listed is shorter than its limit.
const ROWS_PER_USER: i64 = 8;

impl Run for ListUsers {
    const ACCESS: Access = Access::Read;

    fn run(self, tx: &Tx<'_>) -> Result<Page, DbError> {
        let after = self.after.unwrap_or(Cursor { term: String::new(), id: 0 });
        let limit = i64::try_from(self.limit).unwrap_or(i64::MAX);
        let prefix = self.prefix.to_lowercase();
        if prefix.is_empty() {
            // One row more than the limit tells whether there is a next page.
            let most = limit.saturating_add(1);
            let mut statement = tx.prepare_cached(BY_ID)?;
            return page(statement.query((after.id, most))?, self.limit, most);
        }
        let start = prefix.as_str().max(&after.term);
        let end = format!("{prefix}\u{10FFFF}");
        let most = limit.saturating_mul(ROWS_PER_USER).saturating_add(1);
        let mut statement = tx.prepare_cached(BY_PREFIX)?;
        page(statement.query((start, &end, &after.term, &prefix, most))?, self.limit, most)
    }
}

/// Reads a page from the rows: the term by which they are sorted, whether the user is already listed under
/// another term, and the user. `most` is the maximum number of rows.
fn page(mut rows: Rows<'_>, limit: usize, most: i64) -> Result<Page, DbError> {
    let mut items = Vec::new();
    let mut last = None;
    let mut read = 0;
    while let Some(row) = rows.next()? {
        read += 1;
        let is_listed_already: bool = row.get(1)?;
        if read == most || (items.len() == limit && !is_listed_already) {
            return Ok(Page { items, next: last });
        }
        let user = user(row, 2)?;
        last = Some(Cursor { term: row.get(0)?, id: user.id.0 });
        if !is_listed_already {
            items.push(user);
        }
    }
    Ok(Page { items, next: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        actors::db::{InsertUser, sqlite::DbFile},
        config::Database,
        domain::{Context, Email, PasswordHash, Role, Timestamp, Username},
    };

    #[test]
    fn whoever_matches_by_both_names_is_listed_once_over_all_pages() {
        // Usernames and addresses that alternate in their common order, and that stand apart.
        for (username, email) in [("x-%", "x-%@example.com"), ("x-a%", "x-z%@example.com")] {
            let db = DbFile::open(&Database::Memory).unwrap().connect().unwrap();
            let context = Context::system(Timestamp::from_millis(0));
            let tx = Tx { connection: &db, context: &context };
            for number in 10..70 {
                let name = |pattern: &str| pattern.replace('%', &number.to_string());
                let insert = InsertUser {
                    email: Email::parse(&name(email)).unwrap(),
                    username: Username::parse(&name(username)).unwrap(),
                    password_hash: PasswordHash::new("none".to_owned()),
                    role: Role::User,
                };
                insert.run(&tx).unwrap().unwrap();
            }

            for limit in [1, 3, 59, 60, 200] {
                let mut found = Vec::new();
                let mut after = None;
                loop {
                    let page = ListUsers { prefix: "X-".to_owned(), after, limit }.run(&tx).unwrap();
                    assert!(page.items.len() <= limit);
                    found.extend(page.items.into_iter().map(|user| user.id.0));
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
                assert_eq!(found, (1..=60).collect::<Vec<_>>(), "{username} by {limit}");
            }
        }
    }
}
