#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Debian 12 has libconfig 1.5, Debian 13 has 1.7: every config of the tree, and changed copies of each, must be read
# alike by both, with the same diagnostics. Reads them here, and in a Debian 13 root that is made for it.
# Needs root and debootstrap. Not part of ctest: it installs a compiler.
#
#   tests/house/libconfig.sh [--root TARBALL] [--changes N]
#
# --root: a minimal root packed before, as with debian.sh (made when it is not there).
# --changes: how many changed copies of each file; the standard is 200.
set -euo pipefail

tarball='' changes=200
while [ $# -gt 0 ]; do
    case $1 in
    --root) tarball=$2 ;;
    --changes) changes=$2 ;;
    *) echo "usage: libconfig.sh [--root TARBALL] [--changes N]" >&2; exit 2 ;;
    esac
    shift 2
done
[ "$(id -u)" = 0 ] || { echo "libconfig.sh has to run as root" >&2; exit 1; }

top=$(cd "$(dirname "$0")/../.." && pwd)
root=$(mktemp -d "${TMPDIR:-/tmp}/hdrgate-libconfig.XXXXXX")
trap 'rm -rf --one-file-system "$root"' EXIT
cd "$top"

if [ -n "$tarball" ] && [ -e "$tarball" ]; then
    tar -C "$root" -xf "$tarball"
else
    command -v debootstrap >/dev/null || apt-get install -y --no-install-recommends debootstrap >/dev/null
    debootstrap --variant=minbase trixie "$root" >"$root.log" 2>&1 || { tail "$root.log"; exit 1; }
    rm -f "$root.log"
    [ -z "$tarball" ] || tar -C "$root" -cf "$tarball" .
fi
cp /etc/resolv.conf "$root/etc/resolv.conf"
apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-)' >"$root/etc/apt/apt.conf.d/99machine" || true

inside() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    unshare --mount --pid --fork --kill-child --propagation private bash -euc '
        mount -t proc proc "$0/proc"
        mount --rbind /dev "$0/dev"
        exec chroot "$0" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
            DEBIAN_FRONTEND=noninteractive http_proxy="${http_proxy-}" https_proxy="${https_proxy-}" \
            bash -ec "$1"' "$root" "$1" </dev/null
}

# In the working folder: builds ./config-tree and prints what it was built with.
# shellcheck disable=SC2016 # expanded where it runs
build='${CC:-cc} -std=c17 -D_GNU_SOURCE -O1 -Iinclude -Isrc/config tests/house/config-tree.c src/base/*.c src/config/*.c \
    -o "$tree" $(pkg-config --cflags --libs libconfig libcrypto) && echo "libconfig $(pkg-config --modversion libconfig)"'
files=$(find tests/unit/*/data examples rules -name '*.cfg' | LC_ALL=C sort)

mkdir -p "$root/srv/hdrgate/tests"
tar -cf - include src examples rules tests/unit tests/house | tar -C "$root/srv/hdrgate" -xf -
inside 'apt-get -q update >/dev/null
    apt-get -q install -y --no-install-recommends gcc libc6-dev pkg-config libconfig-dev libssl-dev >/dev/null 2>&1'

tree=$root/srv/tree.here
here=$(eval "$build")
there=$(inside "cd /srv/hdrgate && CC=gcc tree=/srv/tree.there && $build")
[ "$here" != "$there" ] || { echo "both are $here: nothing to compare" >&2; exit 1; }
# shellcheck disable=SC2086 # file names of the tree
"$tree" "$changes" $files >"$root/srv/here"
inside "cd /srv/hdrgate && /srv/tree.there $changes ${files//$'\n'/ } >/srv/there"
if ! diff -u "$root/srv/here" "$root/srv/there" >"$root/srv/diff"; then
    head -40 "$root/srv/diff"
    echo "$here and $there read these differently" >&2
    exit 1
fi
echo "$here and $there read $(grep -c '^== ' "$root/srv/here") texts alike"
