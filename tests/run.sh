#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Installs what is missing, builds, runs the tests, and ends with ctest's totals.
#
#   tests/run.sh                   everything but what is labelled slow: the dev build (ASan and UBSan),
#                                  then those that ask for time and memory once more, with figures, in the release build
#   tests/run.sh --slow            the rest: slow tests, ThreadSanitizer, valgrind
#   tests/run.sh --containers      the images and compose.yaml with podman; needs root and six minutes
#   tests/run.sh --preset tsan     only that build (dev, release, tsan, valgrind, coverage, fuzz); valgrind then watches
#                                  each process of the functional tests and takes a quarter of an hour, not a part of them
#
# Any other words go to ctest: tests/run.sh --preset dev -R unit
set -eu

cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
mode=quick
preset=''
while [ $# -gt 0 ]; do
    case $1 in
    --slow) mode=slow ;;
    --containers) mode=containers ;;
    --preset)
        [ $# -ge 2 ] || { echo "--preset needs a name" >&2; exit 2; }
        mode=preset preset=$2
        shift
        ;;
    -h | --help)
        sed -n '4,14s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    *) break ;;
    esac
    shift
done

log=$(mktemp)
totals=$(mktemp)
trap 'rm -f "$log" "$totals"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
failed=0

quietly() {
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        echo "failed: $*" >&2
        exit 1
    fi
}

build() {
    echo "Building the $1 preset ..."
    quietly cmake --preset "$1" -DBUILD_TESTING=ON
    quietly cmake --build --preset "$1"
}

# $1: a name for the totals, $2: preset, the rest: ctest's arguments.
run() {
    name=$1 build=build/$2
    shift 2
    echo
    echo "== $name"
    # The status of a pipe is that of its last command; keep ctest's in a file.
    { ctest --test-dir "$build" --output-on-failure --no-tests=error "$@" 2>&1 && echo 0 >"$log" || echo 1 >"$log"; } |
        tee -a "$totals.part"
    [ "$(cat "$log")" = 0 ] || failed=1
    { grep -E 'tests passed|No tests were found' "$totals.part" || echo "ctest did not finish"; } |
        sed "s/^/$name: /" >>"$totals"
    rm -f "$totals.part"
}

# The unit tests through ctest's own memory check; the others put the wrapper before the gateway only, and are three at a
# time because they wait for a good part of it.
under_valgrind() {
    options='--quiet --vgdb=no --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=99'
    run valgrind-unit valgrind -j2 -L unit -T memcheck \
        --overwrite MemoryCheckCommandOptions="$options --child-silent-after-fork=yes" "$@"
    HDRGATE_WRAPPER="valgrind $options"
    export HDRGATE_WRAPPER
    run valgrind valgrind -j3 -LE 'unit|house|containers|unwatched' "$@"
}

started=$(date +%s)
case $mode in
quick)
    sh tests/install-packages.sh build test
    build release
    build dev
    sh tests/node-packages.sh tests/functional
    run dev dev -j2 -LE slow "$@"
    run release release -L release -LE slow "$@"
    ;;
slow)
    sh tests/install-packages.sh build test slow
    build release
    build dev
    build tsan
    build valgrind
    sh tests/node-packages.sh tests/functional
    run slow dev -L slow -LE containers "$@"
    run slow-release release -L release -L slow "$@"
    # The whole suite once more with smaller sizes, watched for races and for leaks.
    export HDRGATE_TEST_SCALE=0.05
    run tsan tsan -j3 -LE 'house|containers|unwatched' "$@"
    under_valgrind "$@"
    ;;
containers)
    sh tests/install-packages.sh build test containers
    build dev
    sh tests/node-packages.sh tests/functional
    run containers dev -L containers "$@"
    ;;
preset)
    sets='build test'
    case $preset in
    valgrind) sets="$sets slow" ;;
    fuzz) sets="$sets fuzz" ;;
    esac
    # shellcheck disable=SC2086 # a list of words
    sh tests/install-packages.sh $sets
    build "$preset"
    sh tests/node-packages.sh tests/functional
    case $preset in
    release) run release release -L release "$@" ;;
    valgrind)
        export HDRGATE_TEST_SCALE=0.05 HDRGATE_TEST_WATCH=all
        under_valgrind "$@"
        ;;
    tsan)
        export HDRGATE_TEST_SCALE=0.05
        run tsan tsan -j3 -LE 'house|containers|unwatched' "$@"
        ;;
    *) run "$preset" "$preset" -j2 -LE slow "$@" ;;
    esac
    ;;
esac

echo
echo "Totals, after $(($(date +%s) - started)) seconds:"
cat "$totals"
exit $failed
