-- A password's hash may be replaced by another hash of the same password, in the current form and cost. A request that
-- verified the old hash must still succeed. So the version, not the hash, tells whether a password is still the same.

-- Raised whenever a password is set, and never by a renewed hash.
ALTER TABLE users ADD COLUMN password_version INTEGER NOT NULL DEFAULT 1;
