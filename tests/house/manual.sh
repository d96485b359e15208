#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The man pages are valid mdoc, and hdrgate(8) and hdrgate-awf(8) name every command and option of their programs.
#
#   manual.sh TOP HDRGATE
set -eu
cd "$1"
for page in doc/*.[58]; do
    mandoc -Tlint -W warning "$page"
done
page=$(mktemp)
trap 'rm -f "$page"' EXIT
status=0

# PAGE, what --help says
knows() {
    mandoc -Tascii "$1" | sed 's/.\x08//g' >"$page"
    words=$(echo "$2" | grep -oE '(^|[^a-z-])--?[a-z][a-z-]*' | grep -oE -e '--?[a-z][a-z-]*' | sort -u)
    [ -n "$words" ] || { echo "no option is named for $1"; exit 1; }
    for word in $words; do
        grep -qF -e "$word" "$page" || { echo "$1 does not know $word"; status=1; }
    done
}
knows doc/hdrgate.8 "$("$2" --help 2>&1)"
knows doc/hdrgate-awf.8 "$(docker/hdrgate-awf --help)"
exit $status
