#!/bin/sh
# SPDX-License-Identifier: MIT
#
# cppcheck over src: versions 2.10 and 2.17 (Debian 12 and 13), because each has complaints of its own that are none. Its
# cache lives in the build folder: the second time is quick.
#
# Left out: nullPointerRedundantCheck and ctunullpointer, because it does not see that a failed HG_ASSERT does
# not return (clang-tidy's analyser does); the notes on getpwnam and getgrnam, called before there are threads; its
# ideas that mmap() takes no descriptor of -1 and fails with NULL, and that an out parameter is read
# (ctuuninitvar). Of 2.17 alone: arrays that are read no further than they were written (uninitvar), a member of a
# list that it takes for lost (memleak), a pointer looked at behind the && that asks for it
# (nullPointerArithmeticOutOfMemory), and a local array that is put down again before the return (autoVariables).
#
#   cppcheck.sh TOP BUILD
set -eu
cd "$1"
command -v cppcheck >/dev/null || { echo "cppcheck is missing: tests/install-packages.sh test"; exit 1; }
if ! cppcheck --version | grep -Eq ' 2\.1[07]'; then
    echo "cppcheck 2.10 or 2.17 is not here (Debian 12 and 13 have them)"
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
    --suppress=nullPointerArithmeticOutOfMemory:src/observe/usage_file.c --suppress=autoVariables:src/base/log_format.c \
    --suppress=uninitvar:src/plan/errors.c --suppress=uninitvar:src/rules/run_answer.c --suppress=uninitvar:src/usage/path.c \
    --suppress=memleak:src/relay/preface.c \
    --error-exitcode=1 --cppcheck-build-dir="$2/cppcheck" \
    -D_GNU_SOURCE -DHG_VERSION='"0"' -DHG_RULES_DIR='""' -Iinclude $rooms src >"$log" 2>&1 || echo failed >>"$log"
if [ -s "$log" ]; then
    cat "$log"
    exit 1
fi
echo "$(find src -name '*.c' | wc -l) files are clean"
