#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Both README commands in a clean Debian with nothing but git and a clone. Needs root and debootstrap.
# Not part of ctest: it installs half a gigabyte.
#
#   tests/house/debian.sh bookworm|trixie [--root TARBALL] [--with-changes] [--keep] [--quickstart-only | --once]
#
# --root: a minimal root packed before, instead of debootstrap (made when it is not there).
# --once: tests/run.sh once, not a second time with nothing to install.
# --with-changes: the work tree as it stands instead of what is committed.
# The mirror, proxy and CA settings are those of this machine; nothing of them is kept.
set -euo pipefail

release=${1:?usage: debian.sh bookworm|trixie [--root TARBALL] [--with-changes] [--keep] [--quickstart-only | --once]}
shift
tarball='' changes=no keep=no only=no once=no
while [ $# -gt 0 ]; do
    case $1 in
    --root) tarball=$2; shift ;;
    --with-changes) changes=yes ;;
    --keep) keep=yes ;;
    --quickstart-only) only=yes ;;
    --once) once=yes ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
    esac
    shift
done
[ "$(id -u)" = 0 ] || { echo "debian.sh has to run as root" >&2; exit 1; }
command -v debootstrap >/dev/null || apt-get install -y --no-install-recommends debootstrap >/dev/null

top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/house/mirror.sh
. "$top/tests/house/mirror.sh"
root=$(mktemp -d "${TMPDIR:-/tmp}/hdrgate-$release.XXXXXX")
cleanup() {
    if [ $keep = yes ]; then echo "kept: $root"; else rm -rf --one-file-system "$root"; fi
}
trap cleanup EXIT

make_root() {
    if [ -n "$tarball" ] && [ -e "$tarball" ]; then
        tar -C "$root" -xf "$tarball"
        return
    fi
    debootstrap --variant=minbase "$release" "$root" "$(debian_mirror)" >"$root.log" 2>&1 || { tail "$root.log"; exit 1; }
    rm -f "$root.log"
    [ -z "$tarball" ] || tar -C "$root" -cf "$tarball" .
}

# What this machine needs to reach its mirror and its registry.
copy_settings() {
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    debian_settings >"$root/etc/apt/apt.conf.d/99machine"
    mkdir -p "$root/opt/machine"
    : >"$root/opt/machine/env"
    local name value
    for name in http_proxy https_proxy no_proxy npm_config_registry npm_config_cafile npm_config_proxy npm_config_https_proxy; do
        value=${!name-}
        [ -n "$value" ] || case $name in
        npm_config_registry | npm_config_cafile) value=$(npm config get "${name#npm_config_}" 2>/dev/null || true) ;;
        esac
        case $value in '' | null | undefined) continue ;; esac
        if [ $name = npm_config_cafile ]; then
            cp "$value" "$root/opt/machine/ca.pem"
            value=/opt/machine/ca.pem
        fi
        printf 'export %s=%q\n' "$name" "$value" >>"$root/opt/machine/env"
    done
}

# Runs in the root, in process and mount namespaces of its own: whatever it leaves behind ends with it.
inside() {
    # shellcheck disable=SC2016 # expanded by the inner shell
    unshare --mount --pid --fork --kill-child --propagation private bash -euc '
        mount -t proc proc "$0/proc"
        mount --rbind /dev "$0/dev"
        exec chroot "$0" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
            bash -c ". /opt/machine/env; $1"' "$root" "$1" </dev/null
}

timed() {
    local what=$1 begin=$SECONDS
    shift
    echo "== $release: $what"
    "$@" || { echo "== $release: $what FAILED after $((SECONDS - begin)) seconds"; exit 1; }
    echo "== $release: $what took $((SECONDS - begin)) seconds"
}

timed "a minimal root" make_root
copy_settings
timed "git" inside 'apt-get -q update >/dev/null && apt-get -q install -y --no-install-recommends git >/dev/null 2>&1'
git clone --quiet --no-hardlinks "file://$top" "$root/srv/hdrgate"
if [ $changes = yes ]; then
    (cd "$top" && git ls-files -z -co --exclude-standard | tar --null --ignore-failed-read -T - -cf -) | tar -C "$root/srv/hdrgate" -xf -
fi
timed "examples/quickstart.sh" inside 'cd /srv/hdrgate && examples/quickstart.sh'
if [ $only = no ]; then
    timed "tests/run.sh" inside 'cd /srv/hdrgate && tests/run.sh'
    [ $once = yes ] || timed "tests/run.sh again, nothing to install" inside 'cd /srv/hdrgate && tests/run.sh'
fi
