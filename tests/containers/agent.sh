#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What an agent can do and cannot, asked from inside its container. A line for each; the exit status is the number of
# those that are not as they should be. /flags is shared with the test.
#
# shellcheck disable=SC2016,SC2317 # what is checked are functions called by name, and lines for other shells
set -uo pipefail

failed=0
check() {
    local what=$1
    shift
    if said=$("$@" 2>&1); then
        echo "  ok    agent: $what"
    else
        echo "  FAILED agent: $what: ${said:0:300}"
        failed=$((failed + 1))
    fi
}
not() { ! "$@"; }

# asks URL NAME [HEADER]: the provider of this name has been asked with the real credential.
asks() {
    local url=$1 host=$2 answer
    shift 2
    answer=$(curl -fsS --noproxy '*' --max-time 20 -H 'Content-Type: application/json' "${@/#/-H}" -d '{}' "$url") || return
    case $answer in *"\"host\":\"$host\""*'"credential":"real","placeholder":false'*) ;; *) echo "$answer"; return 1 ;; esac
}
reaches() { timeout 5 bash -c "exec 3<>/dev/tcp/$1/$2"; }
health() { /usr/local/bin/api-proxy-health-check.sh; }
status_of() { curl -sS --noproxy '*' -o /dev/null -w '%{http_code}' --max-time 20 "$@"; }

check 'OpenAI' asks "$OPENAI_BASE_URL/chat/completions" api.openai.com "Authorization: Bearer $OPENAI_API_KEY"
check 'Anthropic' asks "$ANTHROPIC_BASE_URL/v1/messages" api.anthropic.com "Authorization: Bearer $ANTHROPIC_AUTH_TOKEN"
check 'Copilot' asks "$COPILOT_API_URL/chat/completions" api.githubcopilot.com "Authorization: Bearer $COPILOT_GITHUB_TOKEN"
check 'Gemini' asks "$GOOGLE_GEMINI_BASE_URL/v1beta/models/g:generateContent?key=$GEMINI_API_KEY" \
    generativelanguage.googleapis.com "x-goog-api-key: $GEMINI_API_KEY"
check 'Vertex AI' asks "$GOOGLE_VERTEX_BASE_URL/v1/publishers/google/models/g:generateContent" \
    aiplatform.googleapis.com "x-goog-api-key: $GOOGLE_API_KEY"
check 'an allowed name through Squid is reached, without a credential' \
    bash -c 'curl -sSk -x "$HTTPS_PROXY" --max-time 20 https://api.openai.com/v1/models | grep -q "not the real one"'

check 'no way to the outside but Squid' not reaches 172.31.0.10 443
check 'no way to another port of the gateway' not reaches 172.30.0.30 9999
check 'no way to another port of Squid' not reaches 172.30.0.10 9999
check 'no way to the host' not reaches 172.30.0.1 9999
check 'Squid refuses a name that is not on its list' not curl -fsSk -x "$HTTPS_PROXY" --max-time 20 https://refused.example/
check 'Squid refuses an address' not curl -fsSk -x "$HTTPS_PROXY" --max-time 20 https://172.31.0.10/
check 'Squid refuses another port' not curl -fsSk -x "$HTTPS_PROXY" --max-time 20 https://api.openai.com:8443/
check 'no name is resolved here' not getent hosts api.openai.com

# The pattern is not found by itself.
check 'no real key in an environment' not grep -sq 'hush7[k]ey' /proc/self/environ /proc/1/environ
check 'no real key in the list of processes' not grep -sq 'hush7[k]ey' /proc/[0-9]*/cmdline
check 'no real key in a file' not bash -c 'find / -xdev -type f -readable -not -path "/proc/*" -not -path "/sys/*" -print0 | xargs -0 grep -lsI "hush7[k]ey" | grep -q .'
check 'it is the user that was said' test "$(id -u):$(id -g)" = "$AWF_UID:$AWF_GID"
check 'it has no capabilities, and no way to any' \
    bash -c '[ "$(grep -cE "^Cap(Inh|Prm|Eff|Bnd|Amb):\s0{16}$" /proc/self/status)" = 5 ] && grep -qE "^NoNewPrivs:\s1$" /proc/self/status'
check 'it cannot change the firewall' not iptables -F OUTPUT
check 'Codex has its settings' grep -q "http://172.30.0.30:10000/v1" "$HOME/.codex/config.toml"
check 'Gemini has its settings' grep -q gemini-api-key "$HOME/.gemini/settings.json"
check "Claude's helper says the placeholder" test "$("$CLAUDE_CODE_API_KEY_HELPER")" = "$ANTHROPIC_AUTH_TOKEN"

# Node reads variables with getenv, so the library sees it; OPENAI_API_KEY is one of the names.
check 'the one-shot library is loaded' grep -q libhg-one-shot-token /proc/self/maps
check 'a token that has been read is gone from the environment, and from that of children' /node -e '
    const { readFileSync } = require("fs"), { spawnSync } = require("child_process"), { ok } = require("assert");
    const has = () => readFileSync("/proc/self/environ", "latin1").split("\0").includes("OPENAI_API_KEY=sk-placeholder-for-api-proxy");
    ok(has(), "before the first read");
    ok(process.env.OPENAI_API_KEY === "sk-placeholder-for-api-proxy" && process.env.OPENAI_API_KEY !== undefined, "two reads");
    ok(!has(), "after the first read");
    ok(spawnSync("printenv", ["OPENAI_API_KEY"]).status === 1, "a child");
    ok(spawnSync("printenv", ["OPENAI_BASE_URL"]).status === 0, "what is no token stays");'
check 'the health check is content' health
for name in OPENAI_API_KEY OPENAI_KEY CODEX_API_KEY ANTHROPIC_API_KEY CLAUDE_API_KEY ANTHROPIC_AUTH_TOKEN COPILOT_TOKEN \
    COPILOT_GITHUB_TOKEN COPILOT_API_KEY COPILOT_PROVIDER_API_KEY GEMINI_API_KEY GOOGLE_API_KEY; do
    check "the health check sees a real key in $name" bash -c 'export "$0=sk-real"; ! /usr/local/bin/api-proxy-health-check.sh' $name
done
check 'the health check sees another base URL for a provider of one'\''s own' \
    not env COPILOT_PROVIDER_BASE_URL=http://172.30.0.30:10001 /usr/local/bin/api-proxy-health-check.sh

# The test stops the gateway now.
touch /flags/stop
for _ in $(seq 300); do
    [ "$(status_of "$ANTHROPIC_BASE_URL/health")" != 000 ] || break
    sleep 0.1
done
check 'the health check sees that the gateway is down' not health
exit $failed
