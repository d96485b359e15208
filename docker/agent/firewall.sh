#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Leaves this container two ways out: the gateway's provider ports, and Squid. Needs NET_ADMIN; what the agent runs
# does not have it, so it stays.
#
#   AWF_API_PROXY_IP=172.30.0.30 AWF_SQUID=172.30.0.10:3128 firewall.sh
set -eu
gateway=${AWF_API_PROXY_IP:?AWF_API_PROXY_IP is not set}
squid=${AWF_SQUID-}

iptables -P OUTPUT DROP
iptables -F OUTPUT
iptables -A OUTPUT -o lo -j ACCEPT
iptables -A OUTPUT -d "$gateway" -p tcp --dport 10000:10004 -j ACCEPT
[ -z "$squid" ] || iptables -A OUTPUT -d "${squid%:*}" -p tcp --dport "${squid##*:}" -j ACCEPT
iptables -A OUTPUT -j REJECT

# Nothing of all this has an IPv6 address.
if [ -e /proc/net/if_inet6 ]; then
    ip6tables -P OUTPUT DROP
    ip6tables -F OUTPUT
    ip6tables -A OUTPUT -o lo -j ACCEPT
fi
