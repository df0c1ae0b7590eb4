#!/bin/sh
# Starts MariaDB; the first time it makes the data folder, the database and its user.
#
# MARIADB_DATABASE, MARIADB_USER and MARIADB_PASSWORD are read that once.
set -eu
home=/var/lib/mysql
data=$home/data

if [ ! -d "$data" ]; then
  : "${MARIADB_DATABASE:?is not set}" "${MARIADB_USER:?is not set}" "${MARIADB_PASSWORD:?is not set}"
  new=$home/new
  rm -rf "$new"
  mkdir "$new"
  # --cross-bootstrap: no account for this host's name, which is the pod's and changes.
  told=$(mariadb-install-db --no-defaults --datadir="$new" --cross-bootstrap --skip-test-db \
    --auth-root-authentication-method=socket) || { echo "$told" >&2; exit 1; }
  quoted=$(printf %s "$MARIADB_PASSWORD" | sed -e 's/\\/\\\\/g' -e "s/'/\\\\'/g")
  mariadbd --no-defaults --datadir="$new" --bootstrap <<SQL
FLUSH PRIVILEGES;
CREATE DATABASE \`$MARIADB_DATABASE\` CHARACTER SET utf8mb4;
GRANT ALL ON \`$MARIADB_DATABASE\`.* TO '$MARIADB_USER'@'%' IDENTIFIED BY '$quoted';
SQL
  sync
  mv "$new" "$data" # what has that name is complete
fi

exec mariadbd --no-defaults --datadir="$data" --socket=/run/mysqld/mysqld.sock --pid-file=/run/mysqld/mysqld.pid \
  --bind-address=0.0.0.0 --skip-name-resolve --character-set-server=utf8mb4 "$@"
