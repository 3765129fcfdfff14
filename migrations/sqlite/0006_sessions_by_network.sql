-- The throttle asks from which networks an account has logged in. With the address in the index, the index alone answers
-- this, for an account with hundreds of sessions nearly as quickly as for one that does not exist. A refresh does not
-- change the address, so it still writes only the row.

DROP INDEX sessions_of_user;
CREATE INDEX sessions_of_user ON sessions (user_id, id, ip);
