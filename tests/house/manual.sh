#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The man pages are valid mdoc, and hdrgate(8) names every command and option that the program has.
#
#   manual.sh TOP HDRGATE
set -eu
cd "$1"
for page in doc/*.[58]; do
    mandoc -Tlint -W warning "$page"
done
mandoc -Tascii doc/hdrgate.8 | sed 's/.\x08//g' >"${TMPDIR:-/tmp}/hdrgate-man.$$"
trap 'rm -f "${TMPDIR:-/tmp}/hdrgate-man.$$"' EXIT
status=0
words=$("$2" --help 2>&1 | grep -oE '(^|[^a-z-])--?[a-z][a-z-]*' | grep -oE -e '--?[a-z][a-z-]*' | sort -u)
[ -n "$words" ] || { echo "hdrgate --help names no option"; exit 1; }
for word in $words; do
    grep -qF -e "$word" "${TMPDIR:-/tmp}/hdrgate-man.$$" || { echo "doc/hdrgate.8 does not know $word"; status=1; }
done
exit $status
