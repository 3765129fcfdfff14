-- The throttle asks from which networks an account has logged in. With the address in the index the answer is read from
-- there: of an account with hundreds of sessions as quickly, nearly, as of one that does not exist. A refresh does
-- not change the address, and so writes the row alone as before.

DROP INDEX sessions_of_user;
CREATE INDEX sessions_of_user ON sessions (user_id, id, ip);
