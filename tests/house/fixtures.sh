#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every rule file and every example has fixtures, they all hold, and one that is wrong is seen.
#
#   fixtures.sh TOP HDRGATE
set -eu
cd "$1"
hdrgate=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HDRGATE_RULES_DIR="$PWD/rules"

status=0
fail() {
    echo "$1"
    status=1
}

for file in rules/*.cfg examples/*.cfg examples/*/*.cfg; do
    [ -e "$file" ] || continue
    [ -s "${file%.cfg}.fixtures" ] || fail "$file has no fixtures beside it"
done

find rules examples -name '*.fixtures' | sort >"$work/all"
# shellcheck disable=SC2046 # no blanks in our names
"$hdrgate" test $(cat "$work/all") || status=1

# A fixture that is wrong fails, and the difference can be read.
sed 's/^>> Authorization: Bearer sk-real$/>> Authorization: Bearer sk-other/' examples/minimal.fixtures >"$work/wrong.fixtures"
if "$hdrgate" test -f examples/minimal.cfg "$work/wrong.fixtures" >"$work/out" 2>&1; then
    fail "a fixture that is wrong passed"
fi
grep -q "^$work/wrong.fixtures:[0-9]*: FAILED: " "$work/out" || fail "a failure does not name its place"
grep -qxF -e '- >> Authorization: Bearer sk-other' "$work/out" || fail "a failure does not show what was expected"
grep -qxF -e '+ >> Authorization: Bearer sk-real' "$work/out" || fail "a failure does not show what there is"
tail -n 1 "$work/out" | grep -qE '^[0-9]+ fixtures in 1 files: [0-9]+ passed, [1-9][0-9]* failed$' || fail "no totals"

# One with a mistake names the line.
printf '== a\n> GET /\n>> GET https://x/\n>> ?\n' >"$work/bad.fixtures"
if "$hdrgate" test -f examples/minimal.cfg "$work/bad.fixtures" >"$work/out" 2>&1; then
    fail "a malformed fixture passed"
fi
grep -q "^$work/bad.fixtures:4: malformed" "$work/out" || fail "a malformed fixture is not reported with its line"

[ $status = 0 ] || cat "$work/out"
exit $status
