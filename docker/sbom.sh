#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What is in this image, as SPDX 2.3 in JSON: the program and every Debian package.
#
#   sbom.sh NAME VERSION
#
# The time is SOURCE_DATE_EPOCH's when it is set. The same contents have the same namespace.
set -eu
name=${1:?usage: sbom.sh NAME VERSION}
version=${2:?usage: sbom.sh NAME VERSION}

created=$(date -u -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" +%Y-%m-%dT%H:%M:%SZ)
distribution=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
packages=$(dpkg-query -W -f='${db:Status-Status} ${Package} ${Version} ${Architecture} ${source:Package}\n' |
    sed -n 's/^installed //p' | LC_ALL=C sort)
id=$(printf '%s\n' "$name $version" "$packages" | sha256sum | cut -c 1-32)

printf '%s\n' "$packages" | awk -v name="$name" -v version="$version" -v created="$created" -v id="$id" \
    -v distribution="$distribution" '
    BEGIN {
        nothing = "\"downloadLocation\": \"NOASSERTION\", \"filesAnalyzed\": false, \"copyrightText\": \"NOASSERTION\""
        print "{\n  \"spdxVersion\": \"SPDX-2.3\", \"dataLicense\": \"CC0-1.0\", \"SPDXID\": \"SPDXRef-DOCUMENT\","
        printf "  \"name\": \"%s-%s\", \"documentNamespace\": \"urn:sbom:%s:%s:%s\",\n", name, version, name, version, id
        printf "  \"creationInfo\": { \"created\": \"%s\", \"creators\": [ \"Tool: sbom.sh\" ] },\n  \"packages\": [\n", created
        printf "    { \"SPDXID\": \"SPDXRef-%s\", \"name\": \"%s\", \"versionInfo\": \"%s\", %s,\n", name, name, version, nothing
        printf "      \"licenseConcluded\": \"MIT\", \"licenseDeclared\": \"MIT\" }"
    }
    {
        ref[NR] = $1 "-" $3
        gsub(/[^A-Za-z0-9.-]/, "-", ref[NR])
        url = $2
        gsub(/%/, "%25", url); gsub(/\+/, "%2B", url); gsub(/:/, "%3A", url); gsub(/~/, "%7E", url)
        printf ",\n    { \"SPDXID\": \"SPDXRef-%s\", \"name\": \"%s\", \"versionInfo\": \"%s\", %s,\n", ref[NR], $1, $2, nothing
        printf "      \"licenseConcluded\": \"NOASSERTION\", \"licenseDeclared\": \"NOASSERTION\", \"sourceInfo\": \"from %s\",\n", $4
        printf "      \"externalRefs\": [ { \"referenceCategory\": \"PACKAGE-MANAGER\", \"referenceType\": \"purl\", "
        printf "\"referenceLocator\": \"pkg:deb/debian/%s@%s?arch=%s&distro=%s\" } ] }", $1, url, $3, distribution
    }
    END {
        print "\n  ],\n  \"relationships\": ["
        relates = "    { \"spdxElementId\": \"%s\", \"relationshipType\": \"%s\", \"relatedSpdxElement\": \"SPDXRef-%s\" }"
        printf relates, "SPDXRef-DOCUMENT", "DESCRIBES", name
        for (i = 1; i <= NR; i++)
            printf ",\n" relates, "SPDXRef-" name, "DEPENDS_ON", ref[i]
        print "\n  ]\n}"
    }'
