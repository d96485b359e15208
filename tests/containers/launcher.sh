# shellcheck shell=bash disable=SC2154 # variables and functions of containers.sh, which reads this file
# SPDX-License-Identifier: MIT
#
# hdrgate-awf with real containers: the images that stand in the store, and the same four that play the internet.

# The engine, for this machine and this internet: podman's other store and limits, the addresses that no name server
# knows here, and a certificate authority of our own. What the launcher asks for is done as it asks.
make_engine() {
    local hosts_there
    mkdir "$work/bin"
    # shellcheck disable=SC2086 # a list of words
    hosts_there=$(printf -- '--add-host=%s:172.31.1.10 ' $hosts)
    cat >"$work/bin/podman" <<END_OF_ENGINE
#!/bin/bash
set -euo pipefail
pod() { "$top/docker/podman.sh" podman "\$@"; }
words=("\$@") extra=()
case "\$*" in
"network create awf-outside")
    pod network create --subnet 172.31.1.0/24 awf-outside
    exec "$top/docker/podman.sh" podman network connect --ip 172.31.1.10 awf-outside outside
    ;;
"network rm awf-outside awf-net") pod network disconnect --force awf-outside outside ;;
"create --name awf-squid "*) extra=($hosts_there) ;;
"run --detach --name awf-api-proxy "*) extra=("--volume=$work/ca.pem:/ca.pem:ro" --env=NODE_EXTRA_CA_CERTS=/ca.pem) ;;
esac
case \$1 in
create | run) words=("\$1" --http-proxy=false --ulimit nofile=10000:10000 --ulimit nproc=5000:5000 "\${extra[@]}" "\${words[@]:1}") ;;
esac
exec "$top/docker/podman.sh" podman "\${words[@]}"
END_OF_ENGINE
    chmod 755 "$work/bin/podman"
}

# Called by root on behalf of an ordinary user, from a folder of his. Becomes the launcher.
launch() {
    cd "$work/project" || exit
    exec env SUDO_UID=65534 SUDO_GID=65534 "$top/docker/hdrgate-awf" --engine "$work/bin/podman" \
        --enable-api-proxy --allow-domains "$AWF_ALLOW_DOMAINS" --skip-pull --env "MARK=$work" "$@"
}

# Its own folder is known by the variable that every command here is given.
nothing_left() {
    ! grep -sl "^MARK=$work\$" /tmp/awf-*/variables &&
        ! pod ps -a --format '{{.Names}}' | grep '^awf-' && ! pod network ls --format '{{.Name}}' | grep '^awf-'
}

make_engine
mkdir -m 0777 "$work/project"

status=0
# shellcheck disable=SC2016 # for the shell in the container
(launch -- 'curl -fsS --noproxy "*" -H "Authorization: Bearer $OPENAI_API_KEY" -d {} "$OPENAI_BASE_URL/chat/completions" >answer &&
    id -u >user && echo said && exit 7') >"$work/launch" 2>"$work/launch.err" || status=$?
check "the command's exit status is the launcher's: $status" test $status = 7
check "its output is the launcher's" test "$(cat "$work/launch")" = said
check "it has called a provider with the real key, from the folder where it was started" grep -q '"credential":"real"' "$work/project/answer"
check "it was the caller" test "$(cat "$work/project/user")" = 65534
check "nothing is left of the containers and networks" nothing_left
for name in squid-logs:access.log api-proxy-logs:token-usage.jsonl; do
    folder=$(sed -n "s|^hdrgate-awf: logs: \\(/tmp/${name%:*}-[0-9]*\\)\$|\\1|p" "$work/launch.err")
    check "logs are where AWF has them: ${name%:*}" test -n "$folder" -a -s "$folder/${name#*:}"
    case $folder in /tmp/*-logs-*) rm -rf "$folder" ;; esac
done

launch --proxy-logs-dir "$work/awf-logs" -- 'touch begun; exec sleep 300' >/dev/null 2>"$work/launch.err" &
launched=$!
timeout 120 bash -c "until [ -e '$work/project/begun' ]; do sleep 0.1; done"
kill -TERM "$launched"
status=0
wait "$launched" || status=$?
check "SIGTERM ends it: $status" test $status = 143
check "nothing is left then either" nothing_left
check "--proxy-logs-dir is where the logs are" test -e "$work/awf-logs/access.log" -a -d "$work/awf-logs/api-proxy-logs"
check "no part of a key is in what it wrote" not grep -rq hush7key "$work/launch" "$work/launch.err" "$work/awf-logs" "$work/project"
