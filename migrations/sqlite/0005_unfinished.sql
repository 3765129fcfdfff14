-- Tasks for the next start that cannot run within a transaction.

CREATE TABLE unfinished (
    -- 'scrub': rewrite the file, so that nothing that was deleted or encrypted is left in its free space.
    task TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Until now deleted data stayed in the file until something was written over it.
INSERT INTO unfinished (task)
SELECT 'scrub' WHERE EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM signing_keys);
