/* SPDX-License-Identifier: MIT
 *
 * An upstream that repeats the address it was asked for (Location, Link, the address of an upload) repeats
 * the credential that a rule has put there. Whoever asked must not get it in that way.
 */
#include "base/limits.h"
#include "route/route.h"

/* How many bytes at the begin of text spell the character c, as it is or as %XX; 0: none do. */
static size_t spells(struct hg_slice text, char c)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char u = (unsigned char)c;

    if (text.n > 0 && text.p[0] == c)
        return 1;
    return text.n >= 3 && text.p[0] == '%' && hg_lower(text.p[1]) == digits[u >> 4] &&
                   hg_lower(text.p[2]) == digits[u & 15]
               ? 3
               : 0;
}

/* The length of the secret at the begin of text, whichever of its characters are percent-encoded; 0: not
 * there. */
static size_t match(struct hg_slice text, struct hg_slice secret)
{
    size_t at = 0;

    for (size_t i = 0; i < secret.n; i++) {
        size_t n = spells(hg_slice_from(text, at), secret.p[i]);

        if (n == 0)
            return 0;
        at += n;
    }
    return at;
}

static bool find(struct hg_slice text, struct hg_slice secret, size_t *at, size_t *n)
{
    for (*at = 0; *at + secret.n <= text.n; ++*at) {
        *n = match(hg_slice_from(text, *at), secret);
        if (*n > 0)
            return true;
    }
    return false;
}

/* It gets shorter: a secret that is looked for is longer than what stands for it. */
static bool hide_in(struct hg_slice *value, struct hg_slice secret, struct hg_arena *arena)
{
    static const struct hg_slice stars = {"***", 3};
    struct hg_slice rest = *value;
    size_t at, n, len = 0;
    char *out;

    if (!find(rest, secret, &at, &n))
        return true;
    out = hg_arena_alloc(arena, value->n);
    if (out == NULL)
        return false;
    do {
        memcpy(out + len, rest.p, at);
        memcpy(out + len + at, stars.p, stars.n);
        len += at + stars.n;
        rest = hg_slice_from(rest, at + n);
    } while (find(rest, secret, &at, &n));
    if (rest.n > 0)
        memcpy(out + len, rest.p, rest.n);
    *value = hg_slice(out, len + rest.n);
    return true;
}

bool hg_route_hide(const struct hg_route *r, struct hg_headers *h)
{
    const struct hg_secret_uses *uses = r->vars.uses;
    bool ok = true;

    for (size_t i = 0; h->n > 0 && uses != NULL && i < uses->n && ok; i++) {
        struct hg_secret *secret = hg_secret_slot_take(uses->v[i].member);

        if (secret != NULL && hg_secret_bytes(secret).n >= HG_LIMIT_SECRET_MIRRORED)
            for (size_t k = 0; k < h->n && ok; k++)
                ok = hide_in(&h->v[k].value, hg_secret_bytes(secret), r->arena);
        hg_secret_release(&secret);
    }
    return ok;
}
