#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Writes the list of domains and becomes Squid.
#
#   AWF_ALLOW_DOMAINS=api.openai.com,https://api.anthropic.com,*.example.com
#
# A domain stands for itself and for all below it. Without any, nothing is allowed.
set -eu
umask 022

printf '%s\n' "${AWF_ALLOW_DOMAINS-}" | tr ', ' '\n\n' |
    sed -E 's|^[a-z]+://||; s|[/:].*||; s|^\*?\.||; /^$/d; s|^|.|' | LC_ALL=C sort -u >/tmp/awf-domains
# Squid wants no domain in its list that stands below another.
while read -r domain; do
    parent=${domain#.}
    while case $parent in *.*) true ;; *) false ;; esac do
        parent=${parent#*.}
        if grep -qxF ".$parent" /tmp/awf-domains; then continue 2; fi
    done
    echo "$domain"
done </tmp/awf-domains >/tmp/awf-domains.new
mv /tmp/awf-domains.new /tmp/awf-domains
exec /usr/sbin/squid -N -f /etc/awf-squid/squid.conf
