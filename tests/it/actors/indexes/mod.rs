//! Every query finds its rows by an index, so no message costs more because there are more users.
//!
//! The tables are filled, and then every page with rows of the middle is overwritten with zeros. A query that
//! reads a table or an index from end to end meets an invalid page and fails; a query that goes straight to
//! the rows in question at either end does not notice. The test sends every message that the sources define,
//! and also reads the plan of each statement that SQLite reports.

mod minefield;

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use rusqlite::Connection;
use sekisho::{
    actors::{
        db::{
            CountSlice, DbError, DeleteUser, EndSession, EndUserSessions, FindActiveUsers, FindCredentials,
            FindHighestCost, FindKeys, FindNameConflict, FindRefreshVersions, FindSecretRows, FindUser,
            HasLoggedInFrom, ImportUsers, InsertKey, InsertRefreshSecret, InsertUser, ListSessions,
            ListUsers, LoginIdentifier, NameConflict, OpenSession, PurgeKeys, PurgeRefreshSecrets,
            PurgeSessions, RenewHash, ReplacePassword, ReplaceSecretRows, Request, RevokeKey, RotateSession,
            RotateSessions, SessionLookup, SetEmail, SetPassword, UpdateUser,
            sqlite::{Run, Tx},
        },
        token::new_key_row,
    },
    config::Config,
    domain::{
        Algorithm, Context, Cursor, Derivation, Email, EndReason, ImportedUser, KeyWrap, Network,
        OriginFingerprint, PasswordHash, PasswordVersion, Random, RefreshAttempt, RefreshSecretRow,
        Revocation, Rewrapped, Role, Rotation, Salt, Scope, SecretHash, SecretRow, SessionId, SessionRules,
        StoredSecret, UserChange, UserId, Username,
    },
};

use self::minefield::{CHEAP, Minefield, ROWS, STATEMENTS};
use crate::support::START;

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn hash(text: &str) -> PasswordHash {
    PasswordHash::new(text.to_owned())
}

#[test]
fn whoever_reads_all_of_a_table_or_an_index_is_found_out() {
    let minefield = Minefield::lay();

    for sql in [
        "SELECT count(created_at) FROM users NOT INDEXED",
        "SELECT count(*) FROM users INDEXED BY sqlite_autoindex_users_1",
        "SELECT count(*) FROM users INDEXED BY sqlite_autoindex_users_2",
        "SELECT count(*) FROM users INDEXED BY users_by_password_cost",
        "SELECT count(expires_at) FROM sessions NOT INDEXED",
        "SELECT count(*) FROM sessions INDEXED BY sessions_of_user",
        "SELECT count(*) FROM sessions INDEXED BY sessions_alive_of_user WHERE ended_at IS NULL",
        "SELECT count(*) FROM retired_usernames",
        "SELECT id FROM users WHERE username = 'aa1'",
        "SELECT id FROM sessions WHERE expires_at < 0",
    ] {
        let read = minefield
            .db
            .prepare(sql)
            .unwrap()
            .query_map([], |row| row.get::<_, i64>(0))
            .unwrap()
            .collect::<Result<Vec<_>, _>>();
        assert!(read.is_err(), "{sql}");
    }
    // The one message that walks through the tables, slice by slice, to count them for the metrics.
    let count = CountSlice { users_after: 0, sessions_after: 0, rows: 1_000_000 };
    let context = Context::system(START);
    let tx = Tx { connection: &minefield.db, context: &context };
    assert!(matches!(count.run(&tx), Err(DbError::Other(_))));
}

#[test]
fn every_message_goes_straight_to_its_rows() {
    let mut minefield = Minefield::lay();

    send_what_reads(&mut minefield);
    send_what_changes_sessions(&mut minefield);
    send_what_changes_users(&mut minefield);
    send_what_keeps_keys(&mut minefield);

    let mut statements = STATEMENTS.take();
    statements.sort_unstable();
    statements.dedup();
    assert!(statements.len() > 30, "{statements:#?}");
    for statement in statements {
        assert_planned_with_an_index(&minefield.db, &statement);
    }
    let unsent: Vec<_> =
        messages().into_iter().filter(|name| !minefield.sent.contains(name.as_str())).collect();
    assert_eq!(unsent, ["CountSlice"]);
}

#[test]
fn the_networks_of_an_account_are_read_from_the_index_alone() {
    let mut minefield = Minefield::lay();
    STATEMENTS.take();

    minefield.send(HasLoggedInFrom { user_id: Some(UserId(3)), network: None });

    let [statement] = &STATEMENTS.take()[..] else { panic!("one question is one statement") };
    let mut explain = minefield.db.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
    let mut rows = explain.raw_query();
    let plan: String = rows.next().unwrap().unwrap().get("detail").unwrap();
    assert_eq!(plan, "SEARCH sessions USING COVERING INDEX sessions_of_user (user_id=?)");
}

/// Asserts that SQLite's plan for a statement scans no growing table, and sorts nothing.
fn assert_planned_with_an_index(db: &Connection, statement: &str) {
    let Ok(mut explain) = db.prepare(&format!("EXPLAIN QUERY PLAN {statement}")) else {
        // BEGIN, COMMIT and the like have no plan.
        assert!(!statement.contains("FROM") && !statement.contains("UPDATE"), "{statement}");
        return;
    };
    let mut rows = explain.raw_query();
    while let Some(row) = rows.next().unwrap() {
        let step: String = row.get(3).unwrap();
        let table = step.strip_prefix("SCAN ").map(|rest| rest.split(' ').next().unwrap());
        let walks =
            table.is_some_and(|table| ["users", "u", "sessions", "s", "retired_usernames"].contains(&table));
        // The index of the administrators does not grow with the number of users.
        let walks = walks && !step.ends_with("USING COVERING INDEX users_admins");
        // There are a few keys, and they are read once a second.
        let sorts = step.contains("TEMP B-TREE") && !statement.contains("FROM signing_keys");
        assert!(!walks && !sorts, "{step}: {statement}");
    }
}

/// The names of all messages, by their sources.
fn messages() -> BTreeSet<String> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/actors/db");
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(sources).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(path).unwrap();
            let implemented = source.split("impl DbMessage for ").skip(1);
            names.extend(implemented.map(|rest| rest.split([' ', '<']).next().unwrap().to_owned()));
        }
    }
    names
}

fn send_what_reads(minefield: &mut Minefield) {
    let credentials = |identifier| FindCredentials { identifier };
    let name = |text: &str| credentials(LoginIdentifier::Name(text.to_owned()));
    let page = |prefix: &str, after: Option<Cursor>| ListUsers { prefix: prefix.to_owned(), after, limit: 3 };
    let list = |with_ended| ListSessions { user_id: UserId(3), with_ended };

    assert!(minefield.send(FindUser { id: UserId(3) }).is_some());
    assert!(minefield.send(FindUser { id: UserId(ROWS + 1) }).is_none());
    assert!(minefield.send(credentials(LoginIdentifier::Id(UserId(3)))).is_some());
    assert!(minefield.send(name("AA3")).is_some());
    assert!(minefield.send(name("aa3@example.com")).is_some());
    assert!(minefield.send(name("aa")).is_none());
    assert_eq!(minefield.send(FindHighestCost { at_most: 31 }), Some(4));
    assert_eq!(minefield.send(FindHighestCost { at_most: 3 }), None);
    let key = |user, session| SessionLookup { user_id: UserId(user), session_id: SessionId(session) };
    let find = FindActiveUsers { keys: vec![key(3, 3), key(3, 4), key(ROWS + 1, 1)] };
    let found: Vec<_> = minefield.send(find).into_iter().map(|user| user.unwrap().is_some()).collect();
    assert_eq!(found, [true, false, false]);
    for with_ended in [false, true] {
        assert_eq!(minefield.send(list(with_ended)).len(), 2);
    }
    let from = |user_id, ip: Option<&str>| HasLoggedInFrom {
        user_id,
        network: ip.map(|ip| Network::of(ip.parse().unwrap())),
    };
    assert!(minefield.send(from(Some(UserId(3)), None)));
    assert!(!minefield.send(from(Some(UserId(3)), Some("198.51.100.7"))));
    assert!(!minefield.send(from(Some(UserId(ROWS + 1)), None)));
    assert!(!minefield.send(from(None, None)));
    let taken = |address, username| FindNameConflict {
        email: email(address),
        username: Username::parse(username).unwrap(),
    };
    assert_eq!(minefield.send(taken("new@example.com", "abaa3")), Some(NameConflict::Username));
    assert_eq!(minefield.send(taken("aa@example.com", "zz")), None);
    // A prefix of nine users, a prefix of all others, and no prefix: only a page is read.
    for prefix in ["aa", "m", ""] {
        let first = minefield.send(page(prefix, None));
        let second = minefield.send(page(prefix, first.next));
        assert_eq!((first.items.len(), second.items.len()), (3, 3), "{prefix}");
    }
    assert!(minefield.send(page("aab", None)).items.is_empty());
}

fn send_what_changes_sessions(minefield: &mut Minefield) {
    let rotate = |presented: u8, now| Request {
        message: RotateSession {
            id: SessionId(3),
            attempt: RefreshAttempt {
                presented: SecretHash([presented; 32]),
                from: OriginFingerprint::default(),
                successor: SecretHash([presented + 1; 32]),
                derivation: Derivation { version: 0, salt: Some(Salt([presented; 16])) },
                requested: Scope::default(),
                rules: SessionRules { max_age: None, ..Config::default().session.rules() },
            },
        },
        context: Context::system(now),
    };
    let alone = |rotation| RotateSessions { rotations: vec![rotation] };
    let open = |user| OpenSession {
        user_id: UserId(user),
        expected: PasswordVersion(1),
        refresh_hash: SecretHash([1; 32]),
        refresh_version: 0,
        scope: Scope::of(Role::User),
        expires_at: START + Duration::from_hours(1),
    };
    let end = |id, owner| EndSession { id, owner, reason: EndReason::Revoked };
    let end_all = EndUserSessions { user_id: UserId(6), except: None, reason: EndReason::RevokedByAdmin };
    let purge = |after| PurgeSessions {
        after: SessionId(after),
        batch: 3,
        ended_before: START,
        replaced_before: START,
    };

    assert!(matches!(minefield.send(alone(rotate(0, START)))[..], [Ok(Rotation::Rotated { .. })]));
    let together = RotateSessions { rotations: vec![rotate(0, START), rotate(1, START)] };
    assert!(matches!(
        minefield.send(together)[..],
        [Ok(Rotation::Replayed { .. }), Ok(Rotation::Rotated { .. })]
    ));
    let late = START + Duration::from_mins(1);
    assert!(matches!(minefield.send(alone(rotate(0, late)))[..], [Ok(Rotation::Reused { .. })]));
    assert!(minefield.send(open(3)).is_some());
    let replace = ReplacePassword { open: open(9), password_hash: hash("new") };
    assert!(minefield.send(replace).is_some());
    assert!(minefield.send(end(SessionId(4), None)));
    assert!(minefield.send(end(SessionId(5), Some(UserId(5)))));
    assert_eq!(minefield.send(end_all), Some(2));
    assert_eq!(minefield.send(purge(0)).last, Some(SessionId(3)));
    assert_eq!(minefield.send(purge(3)).last, Some(SessionId(6)));
    assert_eq!(minefield.send(purge(ROWS + 100)).last, None);
}

fn send_what_changes_users(minefield: &mut Minefield) {
    let insert = |username: &str, address: &str| InsertUser {
        email: email(address),
        username: Username::parse(username).unwrap(),
        password_hash: hash("hash"),
        role: Role::User,
    };
    let update = |id, change| UpdateUser { id: UserId(id), change };
    let set = SetPassword {
        id: UserId(7),
        expected: Some(PasswordVersion(1)),
        password_hash: hash("new"),
        keep: None,
    };
    let set_email =
        SetEmail { id: UserId(6), expected: PasswordVersion(1), email: email("aa12@example.com") };
    let renew = RenewHash { id: UserId(6), outdated: hash(CHEAP), renewed: hash("renewed") };
    let imported = ImportedUser {
        id: Some(UserId(ROWS + 100)),
        email: Some(email("aa0@example.com")),
        username: Some(Username::parse("aa0").unwrap()),
        password_hash: Some(hash("hash")),
        disabled: false,
        flaws: Vec::new(),
    };
    let import = ImportUsers { users: vec![imported], skip_invalid: false, dry_run: false };
    let delete = |id| DeleteUser { id: UserId(id), expected: None };

    assert!(minefield.send(insert("aa10", "aa10@example.com")).is_ok());
    assert_eq!(minefield.send(insert("AA3", "new@example.com")), Err(NameConflict::Username));
    assert_eq!(minefield.send(insert("abaa3", "ab@example.com")), Err(NameConflict::Username));
    assert_eq!(minefield.send(insert("new", "AA3@example.com")), Err(NameConflict::Email));
    let moved = UserChange { email: Some(email("aa11@example.com")), ..UserChange::default() };
    assert!(minefield.send(update(3, moved)).is_ok());
    let disabled = UserChange { disabled: Some(true), ..UserChange::default() };
    assert!(minefield.send(update(5, disabled)).is_ok());
    assert!(minefield.send(set));
    assert!(minefield.send(set_email).is_ok());
    assert!(minefield.send(renew));
    let demoted = UserChange { role: Some(Role::User), ..UserChange::default() };
    assert!(minefield.send(update(1, demoted.clone())).is_ok());
    assert!(minefield.send(update(2, demoted)).is_err());
    assert!(minefield.send(delete(2)).is_err());
    assert!(minefield.send(delete(8)).is_ok());
    assert_eq!(minefield.send(import).imported, 1);
}

fn send_what_keeps_keys(minefield: &mut Minefield) {
    let maker = (&KeyWrap::in_the_clear(), &Random::System);
    let key = new_key_row(Algorithm::Es256, maker, START, START).unwrap();
    let kid = key.kid.clone();
    let secret = |version| RefreshSecretRow {
        version,
        value: StoredSecret::from_column(vec![version]),
        used_from: START + Duration::from_secs(version.into()),
    };

    assert!(minefield.send(FindKeys).keys.is_empty());
    assert_eq!(minefield.send(InsertKey { key, newest: None }).unwrap().keys.len(), 1);
    for newest in [None, Some(0), Some(0)] {
        let secret = secret(newest.map_or(0, |newest: u8| newest + 1));
        minefield.send(InsertRefreshSecret { secret, newest }).unwrap();
    }
    let versions = minefield.send(FindKeys).refresh_secrets.into_iter().map(|secret| secret.version);
    assert_eq!(versions.collect::<Vec<_>>(), [0, 1]);
    let find = FindRefreshVersions { after: SessionId(0), last: SessionId(5) };
    assert_eq!(minefield.send(find), BTreeSet::from([0]));
    let rows = minefield.send(FindSecretRows).into_iter();
    let same =
        |row: SecretRow| Rewrapped { location: row.location, after: row.secret.clone(), before: row.secret };
    assert!(minefield.send(ReplaceSecretRows { rows: rows.map(same).collect() }));
    let successor = new_key_row(Algorithm::Es256, maker, START, START).unwrap();
    let successor_kid = successor.kid.clone();
    let revoke = RevokeKey { kid, successor };
    assert_eq!(minefield.send(revoke), Ok(Revocation::Replaced));
    assert_eq!(minefield.send(PurgeKeys { kids: vec![successor_kid] }), 1);
    assert_eq!(minefield.send(PurgeRefreshSecrets { versions: vec![1, 7] }), 1);
}
