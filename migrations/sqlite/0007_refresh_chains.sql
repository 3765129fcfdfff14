-- Fresh randomness in each rotation, versions of the secret that refresh tokens are made with, and
-- uses of a session that are told late.

-- The refresh secrets replaced within the grace, each with what its successor was derived with; see
-- domain/session/refresh_chain. What an older version wrote stands in `spent`, until the next rotation or until the
-- grace is over.
ALTER TABLE sessions ADD COLUMN replaced BLOB NOT NULL DEFAULT x'';

-- Which version of the installation's refresh secret the current token is made with.
ALTER TABLE sessions ADD COLUMN refresh_version INTEGER NOT NULL DEFAULT 0;

-- The last uses in the two latest stretches of time before that of last_used_at in which there was any; see
-- EarlierUses in domain/session. No index holds these columns either.
ALTER TABLE sessions ADD COLUMN used_before INTEGER;
ALTER TABLE sessions ADD COLUMN used_before_that INTEGER;

-- From when on a secret of which there are several versions makes new tokens. Those of the refresh secret are called
-- `refresh` (version 0), `refresh.1`, `refresh.2` and so on.
ALTER TABLE secrets ADD COLUMN used_from INTEGER NOT NULL DEFAULT 0;
