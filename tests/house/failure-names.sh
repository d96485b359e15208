#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every name that an error answer can have stands in a table, so that `errors` of a config can name it.
#
#   failure-names.sh TOP
set -eu
cd "$1"

# Names are written with an underscore; those of log events and JSON fields have calls of their own, and hooks.c
# only writes events.
# shellcheck disable=SC2046 # no blanks in our names
names=$(grep -hE '"[a-z]+(_[a-z0-9]+)+"' $(ls src/route/*.c src/relay/*.c | grep -v '/hooks\.c$') |
    grep -vE 'hg_log_event|hg_log_begin|hg_json_|#include' | grep -oE '"[a-z]+(_[a-z0-9]+)+"' | sort -u)
[ "$(echo "$names" | wc -l)" -ge 5 ] || { echo "the names are not found any more: mend this test"; exit 1; }
bad=0
for name in $names; do
    if ! grep -qF "$name" include/http/failures.h include/http/error.h include/rules/ruleset.h; then
        echo "$name is in none of the tables of failures (HG_OWN_FAILURES in include/http/failures.h)"
        bad=1
    fi
done
exit $bad
