#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Starts the agent's command as an ordinary user, behind the firewall, when all is as it should be.
#
#   AWF_UID, AWF_GID   who to become; 1000:1000
#
set -euo pipefail

# A provider without a key has empty variables, and tools take an empty URL for a URL.
for name in $(compgen -e); do
    case $name in
    OPENAI_* | CODEX_* | ANTHROPIC_* | CLAUDE_* | COPILOT_* | GEMINI_* | GOOGLE_*) [ -n "${!name}" ] || unset "$name" ;;
    esac
done

/usr/local/bin/firewall.sh
/usr/local/bin/api-proxy-health-check.sh

exec setpriv --reuid "${AWF_UID:-1000}" --regid "${AWF_GID:-1000}" --clear-groups \
    --inh-caps=-all --ambient-caps=-all --bounding-set=-all --no-new-privs -- /usr/local/bin/settings.sh "$@"
