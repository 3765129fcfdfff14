-- Fresh randomness in each rotation, versions of the secret from which refresh tokens are derived, and
-- uses of a session that are reported late.

-- The refresh secrets replaced within the grace period, each with the salt and version of its successor's derivation;
-- see domain/session/refresh_chain. Entries of an older version stay in `spent` until the next rotation or until the
-- grace period is over.
ALTER TABLE sessions ADD COLUMN replaced BLOB NOT NULL DEFAULT x'';

-- The version of the installation's refresh secret from which the current token is derived.
ALTER TABLE sessions ADD COLUMN refresh_version INTEGER NOT NULL DEFAULT 0;

-- The last use in each of the two latest used intervals before that of last_used_at; see
-- EarlierUses in domain/session. No index contains these columns either.
ALTER TABLE sessions ADD COLUMN used_before INTEGER;
ALTER TABLE sessions ADD COLUMN used_before_that INTEGER;

-- The time from which a version of a secret makes new tokens. The versions of the refresh secret are named
-- `refresh` (version 0), `refresh.1`, `refresh.2` and so on.
ALTER TABLE secrets ADD COLUMN used_from INTEGER NOT NULL DEFAULT 0;
