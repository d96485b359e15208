#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What the built libraries say of themselves: a room calls only rooms that it may use, and keeps no
# state of its own (nothing writable at file or function scope). Exceptions, with the reason:
#   rules/cache.c  last   numbers for rulesets, which must differ across the plans of a process
#   io/dns.c       once   c-ares is set up once for the process
#
#   symbols.sh TOP BUILD
set -eu
top=$(cd "$1" && pwd)
cd "$2"

rooms=$(sed -n 's/^hg_room(\([a-z]*\).*/\1/p' "$top/CMakeLists.txt")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

count=0
below=''
for room in $rooms; do
    lib=libhg_$room.a
    [ -e "$lib" ] || { echo "$lib is not built"; exit 1; }
    nm --defined-only "$lib" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u >"$work/$room.has"
    nm --undefined-only "$lib" 2>/dev/null | awk '$2 ~ /^hg_/ { print $2 }' | sort -u >"$work/$room.needs"
    below="$below $work/$room.has"
    # CMakeLists.txt lists the rooms in order, so "those so far" is what a room can ever link with.
    # shellcheck disable=SC2086 # a list of files
    sort -u $below | comm -13 - "$work/$room.needs" | sed "s/^/$room calls something above it or nowhere: /" >>"$work/bad"

    # Symbols that live in .data or .bss; .data.rel.ro is const. __odr_asan is the sanitizer's own.
    objdump -t "$lib" | awk -F '\t' -v room="$room" '
        /^[^ ]+\.o: / { file = $1; sub(/:.*/, "", file); next }
        NF < 2 { next }
        {
            n = split($1, left, " "); section = left[n]
            m = split($2, right, " "); name = right[m]
        }
        name == section || ($1 !~ / O / && section !~ /^(\*COM\*|\.t(bss|data))/) { next }
        name ~ /^(__odr_asan|__gcov|\.L)/ { next }
        section ~ /^\.data\.rel\.ro/ { next }
        section == "*COM*" || section ~ /^\.(data|bss|tdata|tbss)(\.|$)/ { print room "/" file ": " name " is writable" }' >>"$work/bad"
    count=$((count + $(wc -l <"$work/$room.has")))
done
grep -vE '^(rules/cache\.c\.o: last|io/dns\.c\.o: once)\.[0-9]+ is writable$' "$work/bad" >"$work/left" || true
if [ -s "$work/left" ]; then
    sort -u "$work/left"
    exit 1
fi

# The library that is loaded into other programs: it shows what it stands in for and nothing else, needs libc alone,
# and keeps its state in one file.
shared=libhg-one-shot-token.so
nm -D --defined-only "$shared" | awk '{ print $3 }' | sort | tr '\n' ' ' >"$work/shown"
if [ "$(cat "$work/shown")" != 'clearenv getenv putenv secure_getenv setenv unsetenv ' ]; then
    echo "$shared shows: $(cat "$work/shown")"
    exit 1
fi
if objdump -p "$shared" | awk '$1 == "NEEDED" { print $2 }' | grep -vE '^lib(c|dl|pthread)\.so\.' ||
    nm -D --undefined-only "$shared" | grep -E ' (hg_|malloc|calloc|realloc|free)'; then
    echo "$shared needs that"
    exit 1
fi
if grep -lE '^static [^(]*[;=]|^(atomic_|volatile )' "$top"/src/one-shot-token/*.c | grep -v '/preload\.c$'; then
    echo "keeps state"
    exit 1
fi
[ "$count" -gt 100 ] || { echo "only $count symbols found: is this a build with LTO?"; exit 1; }
echo "$count symbols: all calls point down, no state outside src/app"
