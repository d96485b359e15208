/* SPDX-License-Identifier: MIT
 *
 * SipHash-2-4-128, as its authors' reference has it.
 */
#include "key.h"

#include "base/text.h"

struct state {
    uint64_t a, b, c, d;
};

static uint64_t turn_left(uint64_t x, unsigned n)
{
    return x << n | x >> (64 - n);
}

static void rounds(struct state *s, unsigned n)
{
    while (n-- > 0) {
        s->a += s->b;
        s->b = turn_left(s->b, 13) ^ s->a;
        s->a = turn_left(s->a, 32);
        s->c += s->d;
        s->d = turn_left(s->d, 16) ^ s->c;
        s->a += s->d;
        s->d = turn_left(s->d, 21) ^ s->a;
        s->c += s->b;
        s->b = turn_left(s->b, 17) ^ s->c;
        s->c = turn_left(s->c, 32);
    }
}

/* Up to eight bytes, the first is the lowest. */
static uint64_t word(const char *p, size_t n)
{
    uint64_t w = 0;

    for (size_t i = 0; i < n; i++)
        w |= (uint64_t)(unsigned char)p[i] << 8 * i;
    return w;
}

static void absorb(struct state *s, uint64_t w)
{
    s->d ^= w;
    rounds(s, 2);
    s->a ^= w;
}

struct hg_key hg_key_of(const struct hg_key *seed, struct hg_slice text)
{
    struct state s = {seed->v[0] ^ 0x736f6d6570736575u, seed->v[1] ^ 0x646f72616e646f6du ^ 0xeeu,
                      seed->v[0] ^ 0x6c7967656e657261u, seed->v[1] ^ 0x7465646279746573u};
    size_t whole = text.n / 8 * 8;
    struct hg_key out;

    for (size_t i = 0; i < whole; i += 8)
        absorb(&s, word(text.p + i, 8));
    absorb(&s, word(text.n > whole ? text.p + whole : "", text.n - whole) | (uint64_t)text.n << 56);
    s.c ^= 0xee;
    rounds(&s, 4);
    out.v[0] = s.a ^ s.b ^ s.c ^ s.d;
    s.b ^= 0xdd;
    rounds(&s, 4);
    out.v[1] = s.a ^ s.b ^ s.c ^ s.d;
    return out;
}

bool hg_key_seed(struct hg_key *seed)
{
    static const struct hg_key none = {{0, 0}};
    char uuid[HG_TEXT_UUID_LEN];

    if (!hg_text_uuid(uuid))
        return false;
    *seed = hg_key_of(&none, hg_slice_str(uuid));
    return true;
}
