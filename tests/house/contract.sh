#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The table of the contract in doc/awf.md: each line of the contract stands there once, and each test that a line names
# is there. A line without any says "no test:" and why.
#
#   contract.sh TOP
set -eu
cd "$1"
doc=doc/awf.md

# How many lines each part of the contract has.
parts='I6 C6 E5 M6 R20 A5 W7 L6 T10 P4'

status=0
fail() {
    echo "$doc: $1"
    status=1
}

# named TITLE FILE...: a test of this title, in any of JavaScript's quotes, or a row of a table that begins with it.
named() {
    title=$1
    shift
    for file; do
        [ -e "$file" ] || continue
        if sed "s/\\\\'/'/g" "$file" | grep -qF -e "test('$title'" -e "test(\"$title\"" -e "test(\`$title\`" \
            -e "['$title'" -e "[\"$title\""; then return 0; fi
    done
    return 1
}

# exists WHERE TITLE
exists() {
    case $1 in
    bundle) grep -qxF -- "== $2" docker/awf/*.fixtures ;;
    containers) cat tests/containers/*.sh | grep -qF -e "check '$2" -e "check \"$2" ;;
    release) named "$2" tests/release/*.test.mjs ;;
    unit/*) grep -qF -- "HG_TEST($2)" "tests/$1.c" 2>/dev/null ;;
    *) named "$2" "tests/functional/$1.test.mjs" "tests/functional/data/$1.mjs" ;;
    esac
}

rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
grep -E '^\| [A-Z]-[0-9]+ \|' "$doc" >"$rows" || true

expected=$(for part in $parts; do
    seq -f "${part%"${part#?}"}-%.0f" "${part#?}"
done)
for id in $expected; do
    n=$(grep -c "^| $id |" "$rows") || true
    [ "$n" = 1 ] || fail "$id stands there $n times"
done
lines=$(wc -l <"$rows")
[ "$lines" = "$(echo "$expected" | wc -l)" ] || fail "$lines lines, and not as many as the contract has"

tests=0
while IFS= read -r row; do
    id=${row#| }
    id=${id%% *}
    cell=${row% |}
    cell=${cell##* | }
    case $cell in
    'no test: '?*) continue ;;
    '`'*': '*'`') ;;
    *)
        fail "$id names no test and no reason"
        continue
        ;;
    esac
    # One reference a line, without its quotes.
    # shellcheck disable=SC2016 # backticks of the document
    references=$(printf '%s\n' "$cell" | sed 's/^`//; s/`$//; s/`<br>`/\n/g')
    while IFS= read -r reference; do
        tests=$((tests + 1))
        exists "${reference%%: *}" "${reference#*: }" || fail "$id names a test that is not there: $reference"
    done <<END
$references
END
done <"$rows"
[ $status != 0 ] || echo "$lines lines of the contract, $tests references to tests"
exit $status
