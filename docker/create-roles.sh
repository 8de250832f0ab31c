#!/bin/sh
# Run once by the official postgres image, when it makes a new cluster.
#
# So that nobody who breaks into the application can rewrite the books:
#   $POSTGRES_USER   administers the cluster; only migrations connect as it, and hand the log to a role without a login
#   duebook_app      a group without a login: what the application may do is granted to it by the migrations
#   duebook_server   what the application connects as: a member of duebook_app that owns nothing
set -eu

: "${DUEBOOK_SERVER_PASSWORD:?the password of the role duebook_server}"

# The password goes in as a psql variable, which quotes it; nothing of it reaches the server's log.
psql --no-psqlrc --set=ON_ERROR_STOP=1 --quiet \
  --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
  --set=password="$DUEBOOK_SERVER_PASSWORD" <<'SQL'
set log_statement = 'none';
create role duebook_app nologin;
create role duebook_server login password :'password' in role duebook_app;
SQL
