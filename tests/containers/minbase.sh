#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Packs a minimal Debian root, as close to Debian's own slim image as debootstrap comes: no caches, no documentation.
# The mirror, proxy and settings of apt are those of this machine; nothing of them is kept in the tree.
#
#   minbase.sh TARBALL [RELEASE]
set -euo pipefail

tarball=$1 release=${2:-bookworm}
work=$(mktemp -d "${TMPDIR:-/tmp}/hdrgate-minbase.XXXXXX")
tree=$work/tree
trap 'rm -rf --one-file-system "$work"' EXIT

# shellcheck disable=SC2016 # apt fills these in
mirror=$(apt-get indextargets --format '$(ORIGIN) $(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 !~ /-/ { print $3; exit }')
debootstrap --variant=minbase "$release" "$tree" "$mirror" >"$work/log" 2>&1 || { tail "$work/log"; exit 1; }
apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-)' >"$tree/etc/apt/apt.conf.d/99machine" || true
rm -rf "$tree"/var/cache/apt/* "$tree"/var/lib/apt/lists/* "$tree"/usr/share/{doc,man,locale}/*
tar -C "$tree" -cf "$tarball" .
