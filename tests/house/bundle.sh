#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The bundled configuration of the AWF image: it is right with keys and without, its fixtures hold, there are two
# hundred and more of them, and its dump is the same configuration.
#
#   bundle.sh TOP HDRGATE
set -eu
cd "$1"
hdrgate=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HDRGATE_RULES_DIR="$PWD/rules"

status=0
fail() {
    echo "$1"
    status=1
}

# Without any key it starts all the same, and nothing but keys is missing.
"$hdrgate" check -f docker/awf >"$work/out" 2>&1 || fail "without keys it is not valid: $(cat "$work/out")"
if grep -vE 'warning: .*(is not set|no entry of choice [a-z-]+ applies|not configured|connects directly)|^configuration is valid$|^[0-9]+ frontends|^$' "$work/out"; then
    fail "it says more than which keys are missing"
fi
# With all of them there is nothing to say.
(
    export HTTPS_PROXY=http://172.30.0.10:3128 OPENAI_API_KEY=a ANTHROPIC_API_KEY=b COPILOT_GITHUB_TOKEN=c GEMINI_API_KEY=d
    export GOOGLE_API_KEY=e
    "$hdrgate" check --strict -f docker/awf
) >"$work/out" 2>&1 || fail "with all keys it is not without warnings: $(cat "$work/out")"

# A target that is none, and a limit that is no number, are said once, and never shown.
for value in 'OPENAI_API_TARGET=hush me.example' 'COPILOT_API_TARGET=https://hush\me' 'AWF_MAX_RUNS=hush'; do
    OPENAI_API_KEY=a env "$value" "$hdrgate" check -f docker/awf >"$work/out" 2>&1 || fail "$value is an error"
    [ "$(grep -c "^warning: the value of ${value%%=*} is not .*: it counts as not set$" "$work/out")" = 1 ] || fail "$value is not said once"
    ! grep -q hush "$work/out" || fail "the value of ${value%%=*} is shown"
done
OPENAI_API_KEY=a OPENAI_API_TARGET=https://me.example/v1 AWF_MAX_RUNS=0 "$hdrgate" check -f docker/awf >"$work/out" 2>&1
! grep -q 'counts as not set' "$work/out" || fail "good values are taken for bad ones"

"$hdrgate" test -f docker/awf docker/awf || status=1
count=$(cat docker/awf/*.fixtures | grep -c '^== ')
[ "$count" -ge 200 ] || fail "only $count fixtures"

# Comments say what was chosen, and one of them is a random id.
HTTPS_PROXY=direct "$hdrgate" dump -f docker/awf >"$work/one.cfg" 2>"$work/err"
HTTPS_PROXY=direct "$hdrgate" dump -f "$work/one.cfg" >"$work/two.cfg" 2>"$work/err"
sed -i 's/  # .*//' "$work/one.cfg" "$work/two.cfg"
diff "$work/one.cfg" "$work/two.cfg" >"$work/out" || fail "a dump of its dump differs: $(cat "$work/out")"
exit $status
