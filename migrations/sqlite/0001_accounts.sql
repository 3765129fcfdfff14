-- Users and their sessions. Times are milliseconds since the Unix epoch.

CREATE TABLE users (
    -- AUTOINCREMENT, so that the number of a deleted user is never given again.
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    email         TEXT    NOT NULL,
    -- The e-mail address and the username in lower case (Unicode's, which SQLite's NOCASE is not):
    -- what logins look for and what must be unique.
    email_key     TEXT    NOT NULL UNIQUE,
    username      TEXT    NOT NULL,
    username_key  TEXT    NOT NULL UNIQUE,
    password_hash TEXT    NOT NULL,
    role          TEXT    NOT NULL CHECK (role IN ('user', 'admin')),
    disabled      INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    created_at    INTEGER NOT NULL
) STRICT;

-- Finds the last admin without reading all users.
CREATE INDEX users_admins ON users (id) WHERE role = 'admin' AND disabled = 0;

-- The names of deleted users. A username is the subject of tokens and is never given to another user.
CREATE TABLE retired_usernames (
    username_key TEXT    PRIMARY KEY,
    retired_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    -- AUTOINCREMENT, so that a token never finds a session that was given its number again.
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- SHA-256 of the current refresh secret.
    refresh_hash BLOB    NOT NULL,
    -- The refresh secrets replaced within the grace, oldest first; see actors/db/rotation.rs.
    spent        BLOB    NOT NULL DEFAULT x'',
    scope        TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    user_agent   TEXT,
    ip           TEXT,
    ended_at     INTEGER,
    end_reason   TEXT,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) STRICT;

-- Neither index contains a column that a refresh changes, so a refresh writes only the row.
CREATE INDEX sessions_of_user ON sessions (user_id, id);
CREATE INDEX sessions_alive_of_user ON sessions (user_id, id) WHERE ended_at IS NULL;

-- The keys that sign access tokens. A key is announced, signs from signs_from until the next key
-- of its algorithm signs, and then verifies until its last token has expired.
CREATE TABLE signing_keys (
    kid          TEXT    PRIMARY KEY,
    algorithm    TEXT    NOT NULL,
    -- PKCS #8 (DER), or the bare secret for HS256.
    private_key  BLOB    NOT NULL,
    announced_at INTEGER NOT NULL,
    signs_from   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Secrets of this installation that are not signing keys, made at the first start.
CREATE TABLE secrets (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
