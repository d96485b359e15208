/* SPDX-License-Identifier: MIT
 *
 * SipHash-2-4-128: the reference's own vectors.
 */
#include "key.h"

#include "support/unit.h"

HG_TEST(gives_what_the_reference_gives)
{
    const struct hg_key seed = {{0x0706050403020100u, 0x0f0e0d0c0b0a0908u}};
    static const char text[] = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f";
    struct hg_key k = hg_key_of(&seed, hg_slice(text, 0));

    HG_CHECK_U64(k.v[0], 0xe6a825ba047f81a3u);
    HG_CHECK_U64(k.v[1], 0x930255c71472f66du);
    k = hg_key_of(&seed, hg_slice(text, 1));
    HG_CHECK_U64(k.v[0], 0x44af996bd8c187dau);
    HG_CHECK_U64(k.v[1], 0x45fc229b11597634u);
}

HG_TEST(texts_and_seeds_make_a_difference)
{
    struct hg_key a, b;

    HG_NEED(hg_key_seed(&a) && hg_key_seed(&b));
    HG_CHECK(!hg_key_same(&a, &b));
    for (size_t n = 0; n < 40; n++) {
        struct hg_slice text = hg_guarded_str("0123456789012345678901234567890123456789");
        struct hg_key one = hg_key_of(&a, hg_slice(text.p, n)), more = hg_key_of(&a, hg_slice(text.p, n + 1)),
                      other = hg_key_of(&b, hg_slice(text.p, n)), again = hg_key_of(&a, hg_slice(text.p, n));

        HG_CHECK(!hg_key_same(&one, &more) && !hg_key_same(&one, &other) && hg_key_same(&one, &again));
    }
}
