#!/bin/sh
# PostgreSQL's image runs this once, in an empty volume. The portal's role owns its database and is no superuser: no
# statement of its reads a file of this machine or starts a program. The superuser is left without a password, so it
# comes in from inside this container alone.
set -eu
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname "${POSTGRES_DB:-postgres}" <<'END'
\getenv password POSTGRES_PASSWORD
CREATE ROLE portal LOGIN PASSWORD :'password';
GRANT pg_checkpoint TO portal; -- purge --rewrite ends with one
CREATE DATABASE portal OWNER portal;
ALTER ROLE CURRENT_USER PASSWORD NULL;
END
