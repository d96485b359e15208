#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Runs one test file with the Node that npm installed beside it (newer than Debian's), or with HDRGATE_NODE.
# A missing Node or package is a failure, never a skip.
set -eu
cd "$(dirname "$0")"
case $(uname -m) in
x86_64) arch=x64 ;;
aarch64) arch=arm64 ;;
*) arch=$(uname -m) ;;
esac
node=${HDRGATE_NODE:-node_modules/node-linux-$arch/bin/node}
if [ ! -d node_modules/ws ] || ! command -v "$node" >/dev/null; then
    echo "Node or its packages are missing: npm ci --prefix tests/functional" >&2
    exit 1
fi
exec "$node" --test "$@"
