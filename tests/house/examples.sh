#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every config that the tree shows to people loads: the examples and the README's.
#
#   examples.sh TOP HDRGATE
set -eu
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

awk '/^```cfg$/ { n++; on = 1; next } /^```/ { on = 0 } on { print > ("'"$work"'/readme-" n ".cfg") }' README.md
[ -e "$work/readme-1.cfg" ] || { echo "README.md has no config"; exit 1; }

export HDRGATE_RULES_DIR="$PWD/rules"
export API_KEY=x OPENAI_API_KEY=x ANTHROPIC_API_KEY=x PROVIDER_API_KEY=x
export HTTPS_PROXY=http://127.0.0.1:3128 PROVIDER_URL=https://llm.example OTHER_URL=https://elsewhere.example
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x \
    -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
export PROVIDER_CA="$work/cert.pem" PROVIDER_CERT="$work/cert.pem" PROVIDER_KEY="$work/key.pem"

status=0
for file in "$work"/readme-*.cfg examples/*.cfg; do
    if "$2" check -f "$file" >"$work/out" 2>&1; then
        echo "${file##*/}: ok"
    else
        echo "${file##*/}:"
        cat "$work/out"
        status=1
    fi
done
exit $status
