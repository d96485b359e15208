#!/bin/sh
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2034 # the lists are read by name
#
# Installs the Debian packages that are missing. The one list of them: the quickstart, the tests and CI
# all come here. Does nothing, and needs no rights, when everything is there.
#
#   tests/install-packages.sh program|build|quickstart|test|slow|containers|fuzz ...
#
# program: to compile without the tests; build: with them.
# An entry is a package, or package=command where a command from anywhere else does as well.
set -eu

# Only version 14 is what the tree is formatted with.
case $(cat /etc/debian_version 2>/dev/null) in
12*) clang=14 format=clang-format=clang-format ;;
*) clang=19 format='' ;;
esac
program='gcc=gcc libc6-dev cmake=cmake ninja-build=ninja pkg-config=pkg-config
  libev-dev libssl-dev libpcre2-dev libconfig-dev libc-ares-dev
  zlib1g-dev libbrotli-dev libzstd-dev'
build="$program libcunit1-dev libjansson-dev"
quickstart='ca-certificates openssl=openssl curl=curl squid=squid'
test="$quickstart binutils nodejs=node npm=npm universal-ctags=ctags mandoc=mandoc cppcheck=cppcheck
  $format git=git procps=ps libfaketime prometheus=promtool
  shellcheck=shellcheck iptables=iptables iproute2=ip"
slow='clang-tidy=clang-tidy valgrind=valgrind libc6-dbg'
containers='podman=podman buildah=buildah runc=runc netavark aardvark-dns debootstrap=debootstrap python3-yaml'
fuzz="clang=clang llvm=llvm-symbolizer libclang-rt-$clang-dev"

PATH=$PATH:/usr/sbin:/sbin

installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Prints the packages of the entries that are not there yet.
missing() {
    for entry in "$@"; do
        case $entry in
        *=*) command -v "${entry#*=}" >/dev/null 2>&1 || echo "${entry%%=*}" ;;
        *) installed "$entry" || echo "$entry" ;;
        esac
    done
}

# Fresh packages of Squid and Prometheus would start daemons of their own, which nobody here asked for.
no_services() {
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
        $as_root chmod 755 $policy
        trap '$as_root rm -f $policy' EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM
    fi
}

entries=''
for set in "$@"; do
    case $set in
    program | build | quickstart | test | slow | containers | fuzz) eval "entries=\"\$entries \$$set\"" ;;
    *)
        echo "usage: $0 program|build|quickstart|test|slow|containers|fuzz ..." >&2
        exit 2
        ;;
    esac
done

# shellcheck disable=SC2086 # lists of words
packages=$(missing $entries | tr '\n' ' ')
[ -n "${packages% }" ] || exit 0

as_root=''
if [ "$(id -u)" != 0 ]; then
    as_root=sudo
    if ! command -v sudo >/dev/null; then
        echo "These packages are missing. As root: apt-get install $packages" >&2
        exit 1
    fi
fi
if ! command -v apt-get >/dev/null; then
    echo "These Debian packages, or what your system calls them, are missing: $packages" >&2
    exit 1
fi

echo "Installing: $packages"
log=$(mktemp)
no_services
for step in update "install -y --no-install-recommends $packages"; do
    # shellcheck disable=SC2086 # lists of words
    if ! $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 $step \
        </dev/null >"$log" 2>&1; then
        cat "$log" >&2
        echo "apt-get $step failed" >&2
        rm -f "$log"
        exit 1
    fi
done
rm -f "$log"
