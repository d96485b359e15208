#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Packs a minimal Debian root with the settings of Debian's own slim image: no documentation, no caches, no services,
# and a dpkg that does not wait for the disk. The mirror, proxy and settings of apt are those of this machine; nothing of
# them is kept in the tree.
#
#   minbase.sh TARBALL [RELEASE]
set -euo pipefail

# In memory, which the end of this process gives back, where there is enough of it: the disk is what it would wait for.
if [ "${1-}" != --inside ]; then
    free=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
    exec unshare --mount --propagation private bash "$0" --inside "$free" "$@"
fi
shift
free=$1 tarball=$(realpath "$2") release=${3:-bookworm}
# shellcheck source=tests/house/mirror.sh
. "$(dirname "$0")/../house/mirror.sh"
work=$(mktemp -d "${TMPDIR:-/tmp}/hdrgate-minbase.XXXXXX")
clean_up() {
    cd /
    umount "$work" 2>/dev/null || true
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
[ "$free" -lt 2000 ] || mount -t tmpfs -o mode=0700,size=1500m minbase "$work"
tree=$work/tree

debootstrap --variant=minbase "$release" "$tree" "$(debian_mirror)" >"$work/log" 2>&1 || { tail "$work/log"; exit 1; }
rm -rf "$tree"/var/cache/apt/* "$tree"/var/lib/apt/lists/* "$tree"/usr/share/{doc,man,locale}/*
printf 'path-exclude /usr/share/%s/*\n' doc man locale >"$tree/etc/dpkg/dpkg.cfg.d/docker"
echo force-unsafe-io >"$tree/etc/dpkg/dpkg.cfg.d/docker-apt-speedup"
echo 'Acquire::Languages "none";' >"$tree/etc/apt/apt.conf.d/docker-no-languages"
printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
chmod 755 "$tree/usr/sbin/policy-rc.d"
debian_settings >"$tree/etc/apt/apt.conf.d/99machine"
tar -C "$tree" -cf "$tarball.part" .
mv "$tarball.part" "$tarball"
