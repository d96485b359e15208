#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Before a release: command-line agents as they come from npm (Codex, Claude Code, Gemini CLI), a prompt each, through
# the release build with docker/awf and a real Squid to scripted providers. Installs what is missing (npm fetches half
# a gigabyte the first time) and ends with totals. Needs root, for namespaces: the agents run in a network of their own,
# and nothing can leave it.
#
#   tests/release.sh               HDRGATE=FILE takes another program than build/release/hdrgate
set -eu

cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] || { echo "this test has to run as root: it makes namespaces" >&2; exit 1; }

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

quietly() {
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        echo "failed: $*" >&2
        exit 1
    fi
}

started=$(date +%s)
sh tests/install-packages.sh build test
if [ -z "${HDRGATE-}" ]; then
    echo "Building the release preset ..."
    quietly cmake --preset release -DBUILD_TESTING=ON
    quietly cmake --build --preset release
    HDRGATE=$PWD/build/release/hdrgate
    export HDRGATE
fi
sh tests/node-packages.sh tests/functional
# Of all scripts of packages only the one that is needed: Claude Code puts its program for this machine in its place.
sh tests/node-packages.sh tests/release --ignore-scripts
node=$(echo "$PWD"/tests/functional/node_modules/node-linux-*/bin/node)
[ -x "$node" ] || node=$(command -v node)
quietly "$node" tests/release/node_modules/@anthropic-ai/claude-code/install.cjs

# The status of a pipe is that of its last command; keep the tests' in a file.
{
    # shellcheck disable=SC2016 # the inner shell's
    unshare --net sh -ec 'ip link set lo up; exec sh "$0" --test-reporter=spec "$1"' \
        tests/functional/node.sh "$PWD/tests/release/agents.test.mjs" 2>&1 && echo 0 >"$log" || echo 1 >"$log"
} | tee "$log.out"
totals=$(sed -nE 's/^[^a-z]*(pass|fail|cancelled|skipped) ([0-9]+)$/\2 \1,/p' "$log.out" | tr '\n' ' ')
rm -f "$log.out"
echo
echo "Totals, after $(($(date +%s) - started)) seconds: ${totals:-the tests did not finish,} $([ "$(cat "$log")" = 0 ] && echo all well || echo NOT well)"
exit "$(cat "$log")"
