#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Shows hdrgate at work on real parts, all on this machine:
#
#   curl  ->  hdrgate (gateway)  ->  Squid  ->  hdrgate (stand-in provider, TLS)
#
# Installs what is missing, builds, sends one request with a placeholder credential, and prints what
# arrived. Cleans up after itself; with --keep everything stays up and you are told how to go on.
set -eu

keep=no
case ${1-} in
'') ;;
--keep) keep=yes ;;
*)
    echo "usage: $0 [--keep]" >&2
    exit 2
    ;;
esac

here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
hdrgate=$top/build/release/hdrgate
host=llm.example         # on Squid's allowlist
other=elsewhere.example  # not on it
placeholder='placeholder-not-a-key'
pids=''
dir=''

cleanup() {
    status=$?
    trap - EXIT
    if [ -n "$pids" ]; then
        # shellcheck disable=SC2086 # a list of numbers
        kill $pids 2>/dev/null || true
        wait
    fi
    [ -z "$dir" ] || rm -rf "$dir"
    exit $status
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
    echo "quickstart: $1" >&2
    [ ! -s "${2-}" ] || tail -n 20 "$2" >&2
    exit 1
}

# Waits up to ten seconds for a command to succeed while process $1 lives.
wait_for() {
    pid=$1
    shift
    tries=100
    while ! "$@" 2>/dev/null; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] && kill -0 "$pid" 2>/dev/null || return 1
        sleep 0.1
    done
}

# The port that hdrgate chose for a frontend, from its ready file.
port_of() {
    sed -n "s/.*\"frontend\":\"$2\"[^}]*\"address\":\"[^\"]*:\([0-9]*\)\".*/\1/p" "$1"
}

build() {
    sh "$top/tests/install-packages.sh" build quickstart
    PATH=$PATH:/usr/sbin:/sbin # squid
    echo "Building the release preset ..."
    (cd "$top" && cmake --preset release && cmake --build --preset release --target hdrgate) \
        >"$dir/build.log" 2>&1 || fail "the build failed" "$dir/build.log"
}

make_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -subj "/CN=$host" -addext "subjectAltName=DNS:$host" \
        -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>"$dir/openssl.log" ||
        fail "no certificate could be made" "$dir/openssl.log"
}

start_provider() {
    PROVIDER_CERT=$dir/cert.pem PROVIDER_KEY=$dir/key.pem \
        "$hdrgate" run -f "$here/quickstart-provider.cfg" --ready-file "$dir/provider.ready" \
        >"$dir/provider.log" 2>&1 </dev/null &
    provider_pid=$!
    pids="$pids $provider_pid"
    wait_for $provider_pid test -s "$dir/provider.ready" || fail "the provider did not start" "$dir/provider.log"
    provider_port=$(port_of "$dir/provider.ready" provider)
}

# Squid cannot choose a port by itself: take one at random until it comes up.
start_squid() {
    mkdir "$dir/squid"
    echo "127.0.0.1 $host" >"$dir/squid/hosts"
    attempt=0
    while :; do
        attempt=$((attempt + 1))
        [ $attempt -le 10 ] || fail "Squid did not start" "$dir/squid/out"
        squid_port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 30000))
        cat >"$dir/squid/squid.conf" <<END
http_port 127.0.0.1:$squid_port
hosts_file $dir/squid/hosts
acl allowed dstdomain $host
acl CONNECT method CONNECT
http_access allow CONNECT allowed
http_access deny all
access_log stdio:$dir/squid/access.log squid
cache_log $dir/squid/cache.log
cache deny all
cache_mem 8 MB
coredump_dir $dir/squid
max_filedescriptors 1024
pid_filename none
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname squid.example
END
        # Started by root, Squid works as the user proxy.
        [ "$(id -u)" != 0 ] || chown -R proxy "$dir/squid"
        squid -N -f "$dir/squid/squid.conf" >"$dir/squid/out" 2>&1 </dev/null &
        squid_pid=$!
        if wait_for $squid_pid grep -q 'Accepting HTTP' "$dir/squid/cache.log"; then
            pids="$pids $squid_pid"
            return
        fi
        kill $squid_pid 2>/dev/null || true
        wait $squid_pid || true
        rm -f "$dir/squid/cache.log"
    done
}

start_gateway() {
    PROVIDER_API_KEY=$key PROVIDER_URL=https://$host:$provider_port PROVIDER_CA=$dir/cert.pem \
        OTHER_URL=https://$other HTTPS_PROXY=http://127.0.0.1:$squid_port \
        "$hdrgate" run -f "$here/quickstart.cfg" --ready-file "$dir/gateway.ready" \
        >"$dir/gateway.log" 2>&1 </dev/null &
    gateway_pid=$!
    pids="$pids $gateway_pid"
    wait_for $gateway_pid test -s "$dir/gateway.ready" || fail "the gateway did not start" "$dir/gateway.log"
    port=$(port_of "$dir/gateway.ready" provider)
    other_port=$(port_of "$dir/gateway.ready" other)
}

# $1: name for the files, $2: port. What an agent would send, with the key it was given.
ask() {
    curl --silent --show-error --no-buffer --noproxy '*' --max-time 20 --verbose \
        -H "Authorization: Bearer $placeholder" -H "X-API-Key: $placeholder" \
        -H 'Content-Type: application/json' -H 'Accept: text/event-stream' \
        -d '{"model":"any","stream":true,"messages":[{"role":"user","content":"Hello"}]}' \
        "http://127.0.0.1:$2/v1/messages" >"$dir/$1.answer" 2>"$dir/$1.trace" ||
        fail "the request to port $2 failed" "$dir/$1.trace"
    tr -d '\r' <"$dir/$1.trace" >"$dir/$1.clean"
    sed -n 's/^> //p' "$dir/$1.clean" >"$dir/$1.sent"
    sed -n 's/^< //p' "$dir/$1.clean" | head -n 1 >"$dir/$1.status"
}

# Two heads in two columns, a row for each header name.
side_by_side() {
    awk '
        function add(side, line,   at, name) {
            if (line == "" || line ~ /^[A-Z]+ [^ ]+ HTTP\//) return
            at = index(line, ":")
            name = tolower(substr(line, 1, at - 1))
            if (name == "content-length") return # framing is each hop\047s own
            if (!(name in seen)) { seen[name] = 1; order[++n] = name }
            sub(/^[^:]*: */, "", line)
            value[side, name] = line
        }
        FNR == 1 { side++ }
        { sub(/\r$/, ""); add(side, $0) }
        END {
            row = "  %-18s %-37s %s\n"
            printf row, "", "what the client sent", "what the upstream received"
            for (i = 1; i <= n; i++) {
                name = order[i]
                printf row, name, ((1, name) in value) ? value[1, name] : "-",
                                  ((2, name) in value) ? value[2, name] : "-"
            }
        }' "$1" "$2"
}

dir=$(mktemp -d "${TMPDIR:-/tmp}/hdrgate-quickstart.XXXXXX")
chmod 711 "$dir" # Squid's user has to reach its folder inside

build
make_certificate
key=sk-real-$(openssl rand -hex 12)
masked=$(echo "$key" | sed 's/^\(sk-real-....\).*\(....\)$/\1...\2/')
start_provider
start_squid
start_gateway

ask allowed "$port"
grep -q "Bearer $key" "$dir/allowed.answer" || fail "the upstream did not get the real credential" "$dir/allowed.answer"
! grep -q "$placeholder" "$dir/allowed.answer" || fail "the upstream got the placeholder" "$dir/allowed.answer"
sed "s/$key/$masked/" "$dir/allowed.answer" >"$dir/allowed.received"

echo
echo "1. One request through the gateway, Squid and TLS: $(cat "$dir/allowed.status")"
echo "   The key that only the gateway has is $masked (masked here, sent whole)."
echo
side_by_side "$dir/allowed.sent" "$dir/allowed.received"

wait_for "$squid_pid" grep -q "CONNECT $host" "$dir/squid/access.log" || fail "Squid logged no tunnel" "$dir/gateway.log"
echo
echo "2. Squid's log line for it:"
echo
grep "CONNECT $host" "$dir/squid/access.log" | sed 's/^/  /'

ask refused "$other_port"
echo
echo "3. A host that Squid's allowlist does not have ($other): $(cat "$dir/refused.status")"
echo "   What the client gets, and Squid's log line:"
echo
fold -s -w 94 "$dir/refused.answer" | sed 's/^/  /'
echo
echo
wait_for "$squid_pid" grep -q "CONNECT $other" "$dir/squid/access.log" || fail "Squid logged no refusal" "$dir/gateway.log"
grep "CONNECT $other" "$dir/squid/access.log" | sed 's/^/  /'
echo

if [ $keep = yes ]; then
    cat <<END
Everything is still running. Send a request yourself:

  curl -N -H 'Authorization: Bearer anything' http://127.0.0.1:$port/v1/models    (allowed)
  curl -N -H 'Authorization: Bearer anything' http://127.0.0.1:$other_port/v1/models    (refused)

  the gateway's config   $here/quickstart.cfg
  the gateway's log      $dir/gateway.log
  Squid's log            $dir/squid/access.log

Stop and clean up:  kill$pids; rm -r $dir
END
    pids='' dir=''
fi
