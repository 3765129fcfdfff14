-- A password's hash may be replaced by another of the same password, in today's form and cost. Whoever verified the
-- one before must still be able to act on it: what tells whether a password is still the same is its version.

-- Raised whenever a password is set, and never by a renewed hash.
ALTER TABLE users ADD COLUMN password_version INTEGER NOT NULL DEFAULT 1;
