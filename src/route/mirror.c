/* SPDX-License-Identifier: MIT
 *
 * An upstream that repeats the address it was asked for (Location, Link, the address of an upload) repeats
 * the credential that a rule has put there. Whoever asked must not get it in that way.
 */
#include "base/limits.h"
#include "http/target.h"
#include "route/route.h"

static const char *find(struct hg_slice text, struct hg_slice part)
{
    return text.n >= part.n ? memmem(text.p, text.n, part.p, part.n) : NULL;
}

/* It gets shorter: a secret that is looked for is longer than what stands for it. */
static bool hide_in(struct hg_slice *value, struct hg_slice secret, struct hg_arena *arena)
{
    static const struct hg_slice stars = {"***", 3};
    struct hg_slice rest = *value;
    const char *at = find(rest, secret);
    char *out;
    size_t n = 0;

    if (at == NULL)
        return true;
    out = hg_arena_alloc(arena, value->n);
    if (out == NULL)
        return false;
    for (; at != NULL; at = find(rest, secret)) {
        size_t before = (size_t)(at - rest.p);

        memcpy(out + n, rest.p, before);
        memcpy(out + n + before, stars.p, stars.n);
        n += before + stars.n;
        rest = hg_slice_from(rest, before + secret.n);
    }
    if (rest.n > 0)
        memcpy(out + n, rest.p, rest.n);
    *value = hg_slice(out, n + rest.n);
    return true;
}

static bool hide(struct hg_headers *h, struct hg_slice secret, struct hg_arena *arena)
{
    struct hg_slice encoded = hg_query_encode(arena, secret);
    bool ok = encoded.p != NULL;

    for (size_t i = 0; i < h->n && ok; i++) {
        ok = hide_in(&h->v[i].value, secret, arena);
        if (encoded.n != secret.n)
            ok = ok && hide_in(&h->v[i].value, encoded, arena);
    }
    return ok;
}

bool hg_route_hide(const struct hg_route *r, struct hg_headers *h)
{
    const struct hg_secret_uses *uses = r->vars.uses;
    bool ok = true;

    for (size_t i = 0; uses != NULL && i < uses->n && i < HG_SECRET_USES && ok; i++) {
        struct hg_secret *secret = hg_secret_slot_take(uses->v[i].member);

        if (secret != NULL && hg_secret_bytes(secret).n >= HG_LIMIT_SECRET_MIRRORED)
            ok = hide(h, hg_secret_bytes(secret), r->arena);
        hg_secret_release(&secret);
    }
    return ok;
}
