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

# What only reports home or looks for updates is off: it would not get out, or get out past the gateway.

# Codex takes its provider from here alone. It tries a WebSocket first, and events over HTTP when that is refused.
write .codex/config.toml <<END
model_provider = "gateway"
check_for_update_on_startup = false

[model_providers.gateway]
name = "gateway"
base_url = "http://$AWF_API_PROXY_IP:10000/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
supports_websockets = true

[analytics]
enabled = false

[features]
plugins = false
END
# Gemini asks how to log in and whether it may trust the folder, unless it is told.
write .gemini/settings.json <<END
{
  "security": { "auth": { "selectedType": "gemini-api-key" }, "folderTrust": { "enabled": false } },
  "general": { "enableAutoUpdate": false, "enableAutoUpdateNotification": false },
  "privacy": { "usageStatisticsEnabled": false }
}
END
write .claude/settings.json <<END
{
  "apiKeyHelper": "/usr/local/bin/get-claude-key.sh",
  "env": { "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1" }
}
END
# Named variables leave the environment when they are first read: what the agent starts later does not have them.
[ -z "${AWF_ONE_SHOT_TOKENS-}" ] || export LD_PRELOAD=/usr/local/lib/libhg-one-shot-token.so
exec "$@"
