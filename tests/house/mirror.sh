# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# To be sourced: how this machine reaches Debian. Nothing of it is kept in the tree.

# The mirror that its apt takes packages from.
debian_mirror() {
    # shellcheck disable=SC2016 # apt fills these in
    apt-get indextargets --format '$(ORIGIN) $(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
        awk '$1 == "Debian" && $2 !~ /-/ { print $3; exit }'
}

# Its proxy and checks, as a file for apt.conf.d.
debian_settings() {
    apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-)' || true
}
