#!/bin/sh
# SPDX-License-Identifier: MIT
#
# A room may include only itself and the rooms that CMakeLists.txt lets it use, and a third-party
# header stays in the one or two files that wrap it.
#
#   layering.sh TOP
set -eu
cd "$1"

rooms=$(sed -n 's/^hg_room(\([a-z]*\).*/\1/p' CMakeLists.txt)
[ "$(echo "$rooms" | wc -w)" -ge 10 ] || { echo "no rooms found in CMakeLists.txt"; exit 1; }

# "room: rooms it may use", app may use all.
allowed=$(sed -n 's/^hg_room(\([a-z]*\)\(.*\))$/\1 \2/p' CMakeLists.txt | awk '
    { use = ""; on = 0
      for (i = 2; i <= NF; i++) { if ($i == "USES") on = 1; else if ($i == "LIBS") on = 0; else if (on) use = use " " $i }
      print $1 ":" use }')
# The preload library is no room: it may look at the ceilings, and links with nothing of ours (symbols.sh).
allowed="$allowed
app: $(echo "$rooms" | tr '\n' ' ')
one-shot-token: base"

bad=$(
    # The list itself has to point one way.
    echo "$allowed" | awk -F: '
        { n = split($2, use, " "); for (i = 1; i <= n; i++) if (!(use[i] in seen)) print "CMakeLists.txt: " $1 " uses " use[i] ", which stands after it"; seen[$1] = 1 }'

    for folder in src/* include/*; do
        room=${folder#*/}
        if ! echo "$allowed" | grep -q "^$room:"; then
            echo "$folder: not a room of CMakeLists.txt"
            continue
        fi
        may=" $room $(echo "$allowed" | sed -n "s/^$room://p") "
        grep -rHnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$folder" --include='*.[ch]' |
            sed 's/^\([^:]*:[0-9]*\):[^"]*"\([^"]*\)".*/\1 \2/' |
            while read -r place header; do
                case $header in
                ..* | */../*) echo "$place: \"$header\" goes round the rooms" ;;
                */*)
                    case $may in
                    *" ${header%%/*} "*) [ -e "include/$header" ] || echo "$place: \"$header\" is not a public header" ;;
                    *) echo "$place: $room must not include \"$header\"" ;;
                    esac
                    ;;
                *) [ -e "${place%/*}/$header" ] || echo "$place: \"$header\" is not beside it" ;;
                esac
            done
    done

    # header pattern, the rooms it may be in, the most .c files a room that see it, directly or
    # through a private header
    while read -r header homes most; do
        line="^[[:space:]]*#[[:space:]]*include[[:space:]]*"
        grep -rlE "$line<$header" src include |
            while read -r file; do
                case $file in
                include/*) echo "$file: <$header> in a public header" >&2 ;;
                *.h) grep -lE "$line\"${file##*/}\"" "${file%/*}"/*.c ;;
                *) echo "$file" ;;
                esac
            done 2>&1 | sort -u |
            awk -F/ -v header="$header" -v homes=",$homes," -v most="$most" '
                / in a public header$/ { print; next }
                index(homes, "," $2 ",") == 0 { print $0 ": <" header "> belongs to " substr(homes, 2, length(homes) - 2) }
                { count[$2]++ }
                END { for (room in count) if (count[room] > most) print "<" header "> is seen by " count[room] " files of " room ", not " most " at most" }'
    done <<END
ev[.]h io 1
ares io 1
pcre2[.]h rules 1
libconfig[.]h config 1
openssl/ io,base 2
zlib[.]h usage 1
brotli/ usage 1
zstd usage 1
END
)
if [ -n "$bad" ]; then
    echo "$bad"
    exit 1
fi
echo "$(echo "$rooms" | wc -w) rooms, $(find src include -name '*.[ch]' | wc -l) files: every include points down"
