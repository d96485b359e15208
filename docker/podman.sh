#!/bin/bash
# SPDX-License-Identifier: MIT
#
# compose.yaml with podman, for machines without Docker's engine and without systemd. Needs root, podman, buildah, runc,
# netavark, and python3-yaml.
#
#   podman.sh base TARBALL            imports a root file system as the image that the Dockerfile begins with
#   podman.sh build                   builds the three images
#   podman.sh up                      networks, Squid, and the gateway; returns when the gateway is healthy
#   podman.sh agent COMMAND...        runs a command in the agent's container; its exit status is this one's
#   podman.sh down                    ends and removes all of it
#   podman.sh podman WORDS...         podman with the same store
#
#   AWF_PODMAN_DIR        where images and containers are kept
#   AWF_PODMAN_DRIVER     overlay where the kernel has it there, else vfs, which copies every layer whole
#   PODMAN_EXTRA_SERVICE  (api_proxy, squid, agent): words more for a container, one a line
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
dir=${AWF_PODMAN_DIR:-${TMPDIR:-/tmp}/hdrgate-podman}
base=docker.io/library/debian:bookworm-slim
limits=(--ulimit nofile=10000:10000 --ulimit nproc=5000:5000)

pm() {
    podman --root "$dir/store" --runroot "$dir/run" --network-config-dir "$dir/networks" --tmpdir "$dir/tmp" \
        --storage-driver="$(cat "$dir/driver")" --cgroup-manager=cgroupfs --runtime runc "$@"
}

# A store is of one kind for good: it is tried once whether an overlay can be mounted there.
choose_driver() {
    local try
    [ ! -e "$dir/driver" ] || return 0
    try=$(mktemp -d "$dir/try.XXXXXX")
    mkdir "$try/lower" "$try/upper" "$try/work" "$try/merged"
    if [ -z "${AWF_PODMAN_DRIVER-}" ] && mount -t overlay overlay "$try/merged" \
        -o "lowerdir=$try/lower,upperdir=$try/upper,workdir=$try/work" 2>/dev/null; then
        umount "$try/merged"
        AWF_PODMAN_DRIVER=overlay
    fi
    rm -rf "$try"
    echo "${AWF_PODMAN_DRIVER:-vfs}" >"$dir/driver"
}

setting() {
    python3 "$here/compose-args.py" "$here/compose.yaml" --print "$1"
}

# create SERVICE [COMMAND...]
create() {
    local service=$1 extra=PODMAN_EXTRA_${1//-/_} words=() line
    shift
    while IFS= read -r line; do
        [ -z "$line" ] || words+=(--extra "$line")
    done <<<"${!extra-}"
    python3 "$here/compose-args.py" "$here/compose.yaml" "$service" "${words[@]}" -- "$@" >"$dir/arguments"
    mapfile -d '' -t words <"$dir/arguments"
    rm -f "$dir/arguments"
    pm create --http-proxy=false "${limits[@]}" "${words[@]}" >/dev/null
}

# build_image TARGET NAME [WORDS...]: each is one layer, since vfs copies layers whole.
build_image() {
    local target=$1 name=$2
    shift 2
    pm build --isolation=chroot --layers=false "${limits[@]}" -f "$here/Dockerfile" --target "$target" -t "$name" "$@" "$here/.."
}

# build_side_by_side TARGET=NAME...: after all of them, fails if one has.
build_side_by_side() {
    local pair pids=() status=0
    for pair in "$@"; do
        build_image "${pair%%=*}" "${pair#*=}" "${ready[@]}" &
        pids+=($!)
    done
    for pair in "${pids[@]}"; do wait "$pair" || status=1; done
    return $status
}

# What others begin with or copy from is built once, and beside it Squid, which needs none of it. Compiling keeps all
# processors busy, installing packages one.
build() {
    local ready=() target
    build_side_by_side build=localhost/awf-build common=localhost/awf-common "squid=$(setting squid.image)" || return
    for target in build common; do ready+=(--build-context "$target=container-image://localhost/awf-$target"); done
    build_side_by_side "api-proxy=$(setting api-proxy.image)" "agent=$(setting agent.image)"
}

running() { [ "$(pm inspect --format '{{.State.Running}}' "$1" 2>/dev/null)" = true ]; }

# As compose counts: the start period is free, then so many failures in a row. What does not run will not be healthy.
wait_healthy() {
    local name interval retries free
    name=$(setting api-proxy.container_name)
    interval=$(setting api-proxy.healthcheck.interval)
    retries=$(setting api-proxy.healthcheck.retries)
    free=$(setting api-proxy.healthcheck.start_period)
    for ((i = 0; i < (${free%s} / ${interval%s}) + retries; i++)); do
        ! pm healthcheck run "$name" >/dev/null 2>&1 || return 0
        running "$name" || break
        sleep "$interval"
    done
    echo "$name does not become healthy:" >&2
    pm logs "$name" >&2
    return 1
}

up() {
    local logs
    pm network create --internal --subnet 172.30.0.0/24 awf-net >/dev/null
    pm network exists outside || pm network create outside >/dev/null
    logs=${AWF_LOGS-./logs}/api-proxy-logs
    mkdir -p "$logs"
    chmod 0777 "$logs"
    create squid
    create api-proxy
    pm start awf-squid awf-api-proxy >/dev/null
    wait_healthy
}

# compose's "service_healthy": no agent without a gateway.
agent() {
    wait_healthy || return
    pm rm -f -t 0 --ignore awf-agent >/dev/null
    create agent "$@"
    pm start --attach awf-agent
}

down() {
    local name
    for name in awf-agent awf-api-proxy awf-squid; do pm rm -f -t 2 --ignore "$name" >/dev/null; done
    for name in awf-net outside; do pm network rm -f "$name" >/dev/null 2>&1 || true; done
}

[ $# -gt 0 ] || { sed -n '4,17s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "podman.sh has to run as root" >&2; exit 1; }
mkdir -p "$dir"
choose_driver
case $1 in
base) pm import "$2" "$base" >/dev/null ;;
build | up | down) "$1" ;;
agent)
    shift
    agent "$@"
    ;;
podman)
    shift
    pm "$@"
    ;;
*)
    echo "podman.sh: there is no command $1" >&2
    exit 2
    ;;
esac
