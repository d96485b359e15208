#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Installs the Node packages of a folder as its lock file names them; again only when that has changed.
#
#   tests/node-packages.sh FOLDER [npm ci's options ...]
set -eu
cd "$1"
shift

[ -e package-lock.json ] || exit 0
! cmp -s package-lock.json node_modules/.installed-lock || exit 0
echo "Installing the Node packages ..."
# The stamp goes first: an interrupted install starts over.
rm -f node_modules/.installed-lock
# A link leads to another checkout's: npm would empty that one.
[ ! -L node_modules ] || rm node_modules
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if ! npm ci --no-fund --no-audit "$@" >"$log" 2>&1; then
    cat "$log" >&2
    echo "failed: npm ci in $PWD" >&2
    exit 1
fi
cp package-lock.json node_modules/.installed-lock
