#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The figures of time and memory, on a quiet machine: how late streamed events are, how soon an upstream is cancelled,
# how much the process grows with 1 GiB in each direction, for each stream that waits, and with 200 reloads under load,
# what a usage tap costs for each event, alone and in the process. Needs what tests/run.sh has built and installed.
#
#   tests/figures.sh                 all of them
#   tests/figures.sh reload-load     one: streaming, client-leaves, large, idle-streams, reload-load, usage or
#                                    usage-cost
set -eu
cd "$(dirname "$0")/functional"
HDRGATE=${HDRGATE:-$PWD/../../build/release/hdrgate} HDRGATE_TEST_FIGURES=1
export HDRGATE HDRGATE_TEST_FIGURES
[ $# -gt 0 ] || set -- usage streaming client-leaves large idle-streams reload-load usage-cost
for name; do
    shift
    if [ "$name" = usage ]; then
        ../../build/release/tests/figures/figures_usage
    else
        set -- "$@" "$name.test.mjs"
    fi
done
[ $# -gt 0 ] || exit 0
exec sh ./node.sh --test-concurrency=1 "$@"
