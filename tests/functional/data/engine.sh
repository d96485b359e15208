#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Stands in for docker and podman: notes every call (a line of quoted words in $ENGINE_CALLS, what it was given by name
# in $ENGINE_CALLS.values), and does what the test wants of it.
set -eu
name=${0##*/}
{
    printf '%s' "$name"
    printf ' %q' "$@"
    printf '\n'
} >>"$ENGINE_CALLS"

# The file of variables, and the values of "--env NAME".
previous=''
for word in "$@"; do
    case $previous in
    --env) case $word in *=*) ;; *) printf '%s=%s\n' "$word" "${!word-unset}" >>"$ENGINE_CALLS.values" ;; esac ;;
    --env-file)
        stat -c %a "$word" >>"$ENGINE_CALLS.file"
        cat "$word" >>"$ENGINE_CALLS.file"
        ;;
    esac
    previous=$word
done

case "$*" in
--version)
    echo "$name version 1"
    ;;
"ps --all "* | "network ls "*)
    printf '%s\n' other "${ENGINE_THERE-}" awf-squid-2
    ;;
"inspect --format {{.Config.Entrypoint}} "*)
    echo "${ENGINE_ENTRYPOINT-[/usr/local/bin/entrypoint.sh]}"
    ;;
"inspect --format"*)
    case " ${ENGINE_DEAD-} " in *" ${*: -1} "*) echo false ;; *) echo true ;; esac
    ;;
logs\ *)
    echo "the last words of $2"
    ;;
exec\ *)
    # Ready at once, or at that question.
    [ "${ENGINE_DEAD-}" != "$2" ] || exit 1
    [ -z "${ENGINE_READY-}" ] || [ "$(grep -c "^$name exec $2 " "$ENGINE_CALLS")" -ge "$ENGINE_READY" ] || exit 1
    ;;
"run --detach"*)
    exit "${ENGINE_RUN-0}"
    ;;
"start --attach --interactive awf-agent")
    echo $$ >"$ENGINE_CALLS.agent"
    eval "$ENGINE_AGENT"
    ;;
"stop -t 1 awf-agent")
    [ ! -e "$ENGINE_CALLS.agent" ] || kill -TERM "$(cat "$ENGINE_CALLS.agent")" 2>/dev/null || true
    ;;
esac
