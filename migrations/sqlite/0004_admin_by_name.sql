-- Until now a login granted every scope of the role. From now on `admin` must be asked for by name. Which sessions would
-- have asked for it is unknown, so all of them go on with the default scope.

UPDATE sessions SET scope = 'user' WHERE scope = 'user admin' AND ended_at IS NULL;
