#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every config that the tree shows to people loads: the examples, the README's, and the one in the comment of each
# rule file.
#
#   examples.sh TOP HDRGATE
set -eu
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

awk '/^```cfg$/ { n++; on = 1; next } /^```/ { on = 0 } on { print > ("'"$work"'/readme-" n ".cfg") }' README.md
[ -e "$work/readme-1.cfg" ] || { echo "README.md has no config"; exit 1; }

export HDRGATE_RULES_DIR="$PWD/rules"
export GITHUB_TOKEN=ghp_x NPM_TOKEN=npm_x API_KEY=x OPENAI_API_KEY=x ANTHROPIC_API_KEY=x PROVIDER_API_KEY=x
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

# $1: a rule file. Its comment has a whole configuration, from an include to the next empty line.
comment() {
    awk '/^#   include = / { on = 1 } on && /^#$/ { exit } on { sub(/^# */, ""); print }' "$1"
}

for file in rules/*.cfg; do
    name=${file##*/}
    grep -q "^| \[${name%.cfg}\]($name) |" rules/README.md || { echo "rules/README.md does not have $name" && status=1; }
    case $file in rules/strip-credentials.cfg | rules/plain-path.cfg) continue ;; esac
    comment "$file" >"$work/one.cfg"
    [ -s "$work/one.cfg" ] || { echo "$file: no configuration in its comment" && status=1; }
    if (
        # shellcheck disable=SC2013 # names have no blanks
        for name in $(grep -o '\$<\(host:\)\{0,1\}[A-Z][A-Z0-9_]*[?>]' "$work/one.cfg" | sed 's/.*[<:]//; s/.$//'); do
            case $name in
            SLACK_BOT_TOKEN) export "$name=xoxb-x" ;;
            TELEGRAM_BOT_TOKEN) export "$name=1:x" ;;
            STRIPE_API_KEY) export "$name=sk_test_x" ;;
            *) export "$name=$HTTPS_PROXY" ;;
            esac
        done
        "$2" check --strict -f "$work/one.cfg" >"$work/out" 2>&1
    ); then
        echo "${file##*/}: ok"
    else
        echo "the configuration in the comment of $file:"
        cat "$work/out"
        status=1
    fi
done
exit $status
