#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Writes the settings files that today's tools need beside the environment, unless they are there, and becomes the
# agent's command.
set -eu

HOME=${AWF_HOME:-/tmp/agent}
export HOME

# $1: the file; its text comes in.
write() {
    [ ! -e "$HOME/$1" ] || return 0
    mkdir -p "$(dirname "$HOME/$1")"
    cat >"$HOME/$1"
}

# Codex takes its provider from here alone.
write .codex/config.toml <<END
model_provider = "gateway"

[model_providers.gateway]
name = "gateway"
base_url = "http://$AWF_API_PROXY_IP:10000/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
END
# Gemini asks how to log in, unless it is told.
write .gemini/settings.json <<END
{ "security": { "auth": { "selectedType": "gemini-api-key" } } }
END
write .claude/settings.json <<END
{ "apiKeyHelper": "/usr/local/bin/get-claude-key.sh" }
END
# Named variables leave the environment when they are first read: what the agent starts later does not have them.
[ -z "${AWF_ONE_SHOT_TOKENS-}" ] || export LD_PRELOAD=/usr/local/lib/libhg-one-shot-token.so
exec "$@"
