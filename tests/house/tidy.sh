#!/bin/sh
# SPDX-License-Identifier: MIT
#
# clang-tidy over src, with the commands of a build.
#
#   tidy.sh TOP BUILD
set -eu
cd "$1"
command -v clang-tidy >/dev/null || { echo "clang-tidy is missing: tests/install-packages.sh slow"; exit 1; }
# One file each: several in one process make version 14 complain about every va_list.
log=$2/tidy.log
if ! find src -name '*.c' -print0 | xargs -0 -P 2 -n 1 clang-tidy --quiet -p "$2" >"$log" 2>&1; then
    grep -vE '^[0-9]+ warnings? (generated|treated)|^Suppressed ' "$log"
    exit 1
fi
echo "$(find src -name '*.c' | wc -l) files are clean"
