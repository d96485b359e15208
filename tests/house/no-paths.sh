#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Nothing in the tree may know the machine it was written on: no home or work folders, no mirror or
# registry hosts (a lock file gets them from a client that was set up otherwise). The rules for registries and the
# configurations for them name such hosts, because they are about them.
#
#   no-paths.sh TOP
set -eu
cd "$1"

if git rev-parse --git-dir >/dev/null 2>&1; then
    list() { git ls-files -z -co --exclude-standard; }
else
    list() { find . -path ./build -prune -o -name node_modules -prune -o -type f -print0; }
fi

# Written so that this file does not find itself.
paths='(^|[^A-Za-z0-9_.$}/-])/(wor[k]|roo[t]|hom[e]/[A-Za-z0-9_]+|User[s]/[A-Za-z]+|tmp/h[g])/'
hosts='registry[.]npmjs|registry[.]yarnpkg|npmmirror[.]|deb[.]debian[.]org|(ftp|security|snapshot)[.a-z]*[.]debian[.]org|nodesource[.]|pypi[.]org|proxy[.]golang'

status=0
{
    list | xargs -0 grep -InE -e "$paths" -- || true
    list | grep -zvE '^(\./)?(rules|examples)/[a-z-]*[.](cfg|fixtures|transcript)$' | xargs -0 grep -InE -e "$hosts" -- || true
} >"${TMPDIR:-/tmp}/hdrgate-paths.$$" 2>/dev/null
if [ -s "${TMPDIR:-/tmp}/hdrgate-paths.$$" ]; then
    cut -c 1-200 "${TMPDIR:-/tmp}/hdrgate-paths.$$" | head -n 50
    status=1
else
    echo "$(list | tr -cd '\0' | wc -c) files: no path or host of a machine"
fi
rm -f "${TMPDIR:-/tmp}/hdrgate-paths.$$"
exit $status
