#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Sizes: no function over 100 lines, the median at most 15, no file over 450.
#
#   functions.sh TOP
set -eu
cd "$1"

find src -name '*.c' | sort >"${TMPDIR:-/tmp}/hdrgate-sizes.$$"
trap 'rm -f "${TMPDIR:-/tmp}/hdrgate-sizes.$$"' EXIT

ctags --languages=C --kinds-C=f --fields=+ne -f - -L "${TMPDIR:-/tmp}/hdrgate-sizes.$$" |
    sed -n 's/^\([^\t]*\)\t\([^\t]*\)\t.*\tline:\([0-9]*\).*\tend:\([0-9]*\).*/\1 \2 \3 \4/p' |
    awk '{ print $4 - $3 + 1, $2 ":" $3, $1 }' | sort -n |
    awk '
        { size[NR] = $1 }
        $1 > 100 { print $2 ": " $3 " has " $1 " lines"; bad = 1 }
        END {
            if (NR < 100) { print "only " NR " functions found"; exit 1 }
            median = size[int((NR + 1) / 2)]; p90 = size[int(NR * 0.9)]
            print NR " functions: median " median ", p90 " p90 ", longest " size[NR] " lines"
            if (median > 15) { print "the median is over 15"; bad = 1 }
            exit bad
        }'

find src include -name '*.[ch]' -exec wc -l {} + |
    awk '
        $2 == "total" { next }
        { n++; sum += $1; if ($1 > most) most = $1 }
        $1 > 450 { print $2 " has " $1 " lines"; bad = 1 }
        END { print n " files: " sum " lines, longest " most; exit bad }'
