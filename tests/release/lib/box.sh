#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The agent's box, as compose.yaml and the image agent have it, but with the command-line agents in it: namespaces of
# its own for network and mounts, 172.30.0.20 at one end of a cable, Squid and the gateway at the other.
#
#   unshare --net --mount --propagation private box.sh PID DIR TOP LIBRARY NODE MODULES
#
# PID: a process in the network at the other end. DIR: an empty folder. It holds the box until its input ends.
set -eu
outer=$1 dir=$2 top=$3 library=$4 node=$5 modules=$6

ip link add name eth0 type veth peer name awf netns "$outer"
ip address add 172.30.0.20/24 dev eth0
ip link set lo up
ip link set eth0 up
nsenter --target "$outer" --net sh -ec '
  ip address add 172.30.0.10/24 dev awf
  ip address add 172.30.0.30/24 dev awf
  ip link set awf up'
# A way to everywhere, so that the firewall sees what is tried, and not the routing before it.
ip route add default via 172.30.0.30

mkdir -p "$dir/bin" "$dir/lib/node_modules"
install -m 0755 "$top"/docker/agent/*.sh "$dir/bin"
install -m 0644 "$library" "$dir/lib/libhg-one-shot-token.so"
for command in codex claude gemini; do ln -s "../lib/node_modules/.bin/$command" "$dir/bin/$command"; done
touch "$dir/bin/node"
echo 'nameserver 172.30.0.1' >"$dir/resolv.conf"
mount --bind "$node" "$dir/bin/node"
mount --bind "$modules" "$dir/lib/node_modules"
mount --rbind "$dir/bin" /usr/local/bin
mount --rbind "$dir/lib" /usr/local/lib
mount --bind "$dir/resolv.conf" /etc/resolv.conf
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -m 0777 /tmp/work

echo ready
exec cat
