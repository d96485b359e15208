#!/bin/sh
# SPDX-License-Identifier: MIT
#
# cppcheck over src: version 2.10, because each has complaints of its own that are none. Its cache lives in the build
# folder: the second time is quick.
#
# Left out: nullPointerRedundantCheck and ctunullpointer, because it does not see that a failed HG_ASSERT does
# not return (clang-tidy's analyser does); the notes on getpwnam and getgrnam, called before there are threads; its
# ideas that mmap() takes no descriptor of -1 and fails with NULL, and that an out parameter is read
# (ctuuninitvar).
#
#   cppcheck.sh TOP BUILD
set -eu
cd "$1"
command -v cppcheck >/dev/null || { echo "cppcheck is missing: tests/install-packages.sh test"; exit 1; }
if ! cppcheck --version | grep -q ' 2\.10'; then
    echo "cppcheck 2.10 is not here (Debian 12 has it)"
    exit 77
fi
mkdir -p "$2/cppcheck"
rooms=$(find src -mindepth 1 -maxdepth 1 -type d | sed 's/^/-I/')
log=$2/cppcheck.log
# With several jobs its exit status forgets what it found across files, so any output counts.
# shellcheck disable=SC2086 # a list of words
cppcheck --quiet -j 2 --std=c11 --library=posix --enable=warning,performance,portability --inline-suppr \
    --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
    --suppress=nullPointerRedundantCheck --suppress=ctunullpointer --suppress=getpwnamCalled --suppress=getgrnamCalled \
    --suppress=ctuuninitvar --suppress=invalidFunctionArg:src/base/secret.c \
    --suppress=invalidFunctionArg:src/one-shot-token/preload.c \
    --suppress=nullPointerArithmeticOutOfMemory:src/base/secret.c \
    --error-exitcode=1 --cppcheck-build-dir="$2/cppcheck" \
    -D_GNU_SOURCE -DHG_VERSION='"0"' -DHG_RULES_DIR='""' -Iinclude $rooms src >"$log" 2>&1 || echo failed >>"$log"
if [ -s "$log" ]; then
    cat "$log"
    exit 1
fi
echo "$(find src -name '*.c' | wc -l) files are clean"
