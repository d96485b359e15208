#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Each action and each condition of the language has fixtures in tests/language that show where it applies, where it
# does not, and what becomes of hostile input; and they hold.
#
#   language.sh TOP HDRGATE
set -eu
cd "$1/tests/language"
hdrgate=$2
keys=$(mktemp)
trap 'rm -f "$keys"' EXIT

"$hdrgate" keys --json >"$keys"
status=0

# names BLOCK ACTIONS-ONLY: the keys of a block of the schema table.
names() {
    sed -n "s/.*\"block\":\"$1\",\"key\":\"\([a-z-]*\)\".*\"action\":$2.*/\1/p" "$keys"
}

# wants FILE PREFIX NAME
wants() {
    for kind in 'applies' 'does not apply' 'hostile'; do
        grep -q "^== $2$3: $kind" "$1" || {
            echo "tests/language/$1 has no fixture \"== $2$3: $kind ...\""
            status=1
        }
    done
}

[ "$(names request true | wc -l)" -gt 10 ] || { echo "hdrgate keys --json is not understood" >&2; exit 1; }
for name in $(names request true); do wants request.fixtures '' "$name"; done
for name in $(names response true); do wants response.fixtures '' "$name"; done
for name in $(names when false); do wants when.fixtures 'when ' "$name"; done
for name in if unless; do wants when.fixtures '' "$name"; done

"$hdrgate" test . || status=1
exit $status
