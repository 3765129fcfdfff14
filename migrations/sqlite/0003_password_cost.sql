-- Every comparison of a password takes as long as one with the costliest stored hash, so that the time of a login
-- reveals neither whose hash it is nor that there is one. The index finds the highest cost without reading all users.

-- The bcrypt cost, by the form of the hash; NULL if the form is unknown.
ALTER TABLE users ADD COLUMN password_cost INTEGER GENERATED ALWAYS AS (
    CASE
        WHEN password_hash GLOB '$2?$[0-9][0-9]$*' THEN CAST(substr(password_hash, 5, 2) AS INTEGER)
        WHEN password_hash GLOB '$bcrypt-sha256$v=2,t=2?,r=[0-9]*$*$*' THEN CAST(substr(password_hash, 27) AS INTEGER)
        WHEN password_hash GLOB '$bcrypt-sha256$2?,[0-9]*$*$*' THEN CAST(substr(password_hash, 19) AS INTEGER)
    END
) VIRTUAL;

CREATE INDEX users_by_password_cost ON users (password_cost);
