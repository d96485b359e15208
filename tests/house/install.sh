#!/bin/sh
# SPDX-License-Identifier: MIT
#
# cmake --install puts things where Debian users expect them.
#
#   install.sh BUILD
set -eu
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
cmake --install "$1" --prefix "$stage/usr" >"$stage/log" 2>&1 || { cat "$stage/log"; exit 1; }
status=0
for file in sbin/hdrgate sbin/hdrgate-awf share/man/man8/hdrgate.8 share/man/man8/hdrgate-awf.8 share/man/man5/hdrgate.cfg.5 share/doc/hdrgate/README.md share/doc/hdrgate/CHANGELOG.md \
    share/doc/hdrgate/LICENSE share/doc/hdrgate/kubernetes/gateway.yaml share/doc/hdrgate/doc/configuration.md share/doc/hdrgate/doc/grafana-hdrgate.json share/doc/hdrgate/examples/quickstart.cfg; do
    [ -e "$stage/usr/$file" ] || { echo "not installed: $file"; status=1; }
done
[ -n "$(find "$stage/usr/lib" "$stage/usr/lib64" -name libhg-one-shot-token.so 2>/dev/null)" ] || { echo "not installed: libhg-one-shot-token.so"; status=1; }
[ -d "$stage/usr/share/hdrgate/rules" ] || { echo "not installed: share/hdrgate/rules"; status=1; }
"$stage/usr/sbin/hdrgate" version || status=1
exit $status
