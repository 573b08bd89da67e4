#!/bin/sh
set -e
until nc -z "$DB_HOST" 5432; do sleep 1; done
python manage.py migrate --noinput
for hook in /hooks/*.sh; do . "$hook"; done
exec "$@"
