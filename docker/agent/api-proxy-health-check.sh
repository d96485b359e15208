#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs before the agent's command, and ends with 1 unless
#   - no real key is in the environment: each variable that may hold one is unset or a placeholder;
#   - the gateway answers on the port of each provider that the environment points to.
set -uo pipefail

status=0
wrong() {
    echo "[health-check] ERROR: $1" >&2
    status=1
}

# may_be NAME PLACEHOLDER...: the value is never shown.
may_be() {
    local name=$1 one
    shift
    [ -n "${!name-}" ] || return 0
    for one in "$@"; do
        [ "${!name}" != "$one" ] || return 0
    done
    wrong "$name holds something that is not the placeholder: a real key must not be in the agent's environment"
}

# answers NAME: the gateway answers at the URL in this variable; whether it has a key for this provider is no matter.
answers() {
    local name=$1 url
    [ -n "${!name-}" ] || return 0
    url=$(printf '%s' "${!name}" | sed -E 's|^(https?://[^/]+).*|\1|')
    curl -sS -o /dev/null --noproxy '*' --max-time 5 "$url/health" || wrong "the gateway does not answer at $url ($name)"
}

for name in OPENAI_API_KEY CODEX_API_KEY OPENAI_KEY; do may_be $name sk-placeholder-for-api-proxy; done
for name in ANTHROPIC_API_KEY CLAUDE_API_KEY; do may_be $name; done
may_be ANTHROPIC_AUTH_TOKEN sk-ant-placeholder-key-for-credential-isolation
for name in COPILOT_TOKEN COPILOT_GITHUB_TOKEN COPILOT_API_KEY COPILOT_PROVIDER_API_KEY; do
    may_be $name placeholder-token-for-credential-isolation
done
may_be GEMINI_API_KEY gemini-api-key-placeholder-for-credential-isolation
may_be GOOGLE_API_KEY google-api-key-placeholder-for-credential-isolation
if [ -n "${COPILOT_PROVIDER_BASE_URL-}" ] && [ "$COPILOT_PROVIDER_BASE_URL" != "${COPILOT_API_URL-}" ]; then
    wrong "COPILOT_PROVIDER_BASE_URL is not COPILOT_API_URL"
fi

for name in OPENAI_BASE_URL ANTHROPIC_BASE_URL COPILOT_API_URL GEMINI_API_BASE_URL; do answers $name; done

[ $status = 0 ] && echo "[health-check] no real key here, and the gateway answers" >&2
exit $status
