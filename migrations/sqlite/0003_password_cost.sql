-- Every comparison of a password takes as long as one with the costliest hash that is stored, so that a login's time
-- does not tell whose hash it is, or that there is one. This finds the highest cost without reading everybody.

-- bcrypt's cost, by the form of the hash; NULL where the hash is of no form that we know.
ALTER TABLE users ADD COLUMN password_cost INTEGER GENERATED ALWAYS AS (
    CASE
        WHEN password_hash GLOB '$2?$[0-9][0-9]$*' THEN CAST(substr(password_hash, 5, 2) AS INTEGER)
        WHEN password_hash GLOB '$bcrypt-sha256$v=2,t=2?,r=[0-9]*$*$*' THEN CAST(substr(password_hash, 27) AS INTEGER)
        WHEN password_hash GLOB '$bcrypt-sha256$2?,[0-9]*$*$*' THEN CAST(substr(password_hash, 19) AS INTEGER)
    END
) VIRTUAL;

CREATE INDEX users_by_password_cost ON users (password_cost);
