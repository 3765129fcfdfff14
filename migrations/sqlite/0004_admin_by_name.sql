-- Until now a login gave every scope of the role. `admin` is given to whoever asks for it by name, and nobody knows who
-- would have: these sessions go on with what a login gives that asks for nothing.

UPDATE sessions SET scope = 'user' WHERE scope = 'user admin' AND ended_at IS NULL;
