/* SPDX-License-Identifier: MIT
 *
 * What this room takes from libcrypto: randomness, base64 and SHA-256. The only
 * file of the room that includes its headers.
 */
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "base/check.h"
#include "base/text.h"

static void hex(const unsigned char *in, size_t n, char *out)
{
    static const char figures[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        *out++ = figures[in[i] >> 4];
        *out++ = figures[in[i] & 15];
    }
}

bool hg_text_uuid(char out[HG_TEXT_UUID_LEN])
{
    unsigned char r[16];
    if (RAND_bytes(r, sizeof(r)) != 1)
        return false;
    r[6] = (unsigned char)((r[6] & 0x0f) | 0x40); /* version 4 */
    r[8] = (unsigned char)((r[8] & 0x3f) | 0x80); /* variant of RFC 9562 */
    hex(r, 4, out);
    hex(r + 4, 2, out + 9);
    hex(r + 6, 2, out + 14);
    hex(r + 8, 2, out + 19);
    hex(r + 10, 6, out + 24);
    out[8] = out[13] = out[18] = out[23] = '-';
    out[HG_TEXT_UUID_LEN - 1] = '\0';
    return true;
}

size_t hg_text_base64(struct hg_slice in, char *out)
{
    HG_ASSERT(in.n <= INT_MAX / 2);
    out[0] = '\0';
    if (in.n == 0)
        return 0;
    int n = EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)in.p, (int)in.n);
    HG_ASSERT(n >= 0 && (size_t)n == HG_BASE64_LEN(in.n));
    return (size_t)n;
}

void hg_text_digest(struct hg_slice in, char out[HG_TEXT_DIGEST_LEN])
{
    unsigned char md[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)(in.p ? in.p : ""), in.n, md);
    hex(md, sizeof(md), out);
    out[HG_TEXT_DIGEST_LEN - 1] = '\0';
}
