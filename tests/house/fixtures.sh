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

# dump: what it writes is valid, says the same when dumped again, and does what the fixtures say. (What the program
# leaves allocated at its end was looked for above; here that would take half of the time.)
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS
set -f
while read -r file; do
    rm -rf "$work/own"
    mkdir "$work/own"
    # The lines before the first fixture: configuration and variables.
    sed '/^==/,$d' "$file" >"$work/own/head"
    sed -n 's/^|//p' "$work/own/head" >"$work/own/more.cfg"
    sed '/^|/d' "$file" >"$work/own/x.fixtures"
    (
        sed -n 's/^env //p' "$work/own/head" >"$work/own/env"
        while IFS='=' read -r name value; do export "$name=$value"; done <"$work/own/env"
        set -e
        "$hdrgate" dump -f "${file%.fixtures}.cfg" -f "$work/own/more.cfg" >"$work/own/one.cfg" 2>"$work/own/err"
        "$hdrgate" dump -f "$work/own/one.cfg" 2>"$work/own/err" | diff "$work/own/one.cfg" - >"$work/own/err"
        "$hdrgate" test -f "$work/own/one.cfg" "$work/own/x.fixtures" >"$work/own/err" 2>&1
    ) && continue
    fail "dump of ${file%.fixtures}.cfg is not the same configuration:"
    cat "$work/own/err"
done <"$work/all"
set +f

# A credential that stands in the config is not in its dump.
cat >"$work/literal.cfg" <<END
secret: { a: { from = "hush-1"; }; b-2: { from = "\$<NONE:-hush-2>"; }; c: { from = "\$<NONE:-\$<NEITHER:-hush-4>>"; };
          d: { from = "\$<NONE:-\$<NEITHER>>"; }; };
frontend: { f: { bind = "127.0.0.1:1"; backend = "x"; }; };
backend: { squid: { proxy = "http://hush:hush-3@127.0.0.1:3128"; };
  x: { url = "https://api.example"; via = "squid"; request = ( { set-header = [ "X", "\$<secret:a>\$<secret:b-2>\$<secret:c>\$<secret:d>" ]; } ); }; };
END
"$hdrgate" dump -f "$work/literal.cfg" >"$work/one.cfg" 2>"$work/out" || fail "literal secrets cannot be dumped"
"$hdrgate" dump -f "$work/one.cfg" >"$work/two.cfg" 2>>"$work/out" || fail "their dump is not valid"
"$hdrgate" dump -f "$work/two.cfg" 2>>"$work/out" | diff "$work/two.cfg" - >>"$work/out" || fail "a dump of a dump is not the same"
grep -qF '$<NONE:-$<NEITHER>>' "$work/one.cfg" || fail "a variable instead of another is taken for a credential"
if grep -q hush "$work/one.cfg" "$work/two.cfg"; then fail "a dump shows a credential"; fi
[ $status = 0 ] || cat "$work/out"

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
