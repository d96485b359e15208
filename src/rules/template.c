/* SPDX-License-Identifier: MIT
 *
 * Templates at run time: one pass over the segments, each giving a slice; what
 * they give is copied and never looked at again, so nothing that a request or a
 * secret holds can act as a template.
 */
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "rules/limit.h"
#include "rules/map.h"
#include "segment.h"

struct hg_template *hg_template_new(void)
{
    return calloc(1, sizeof(struct hg_template));
}

void hg_template_free(struct hg_template *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->n; i++) {
        if (t->v[i].text != NULL)
            explicit_bzero(t->v[i].text, t->v[i].n); /* it may have been a secret's own template */
        free(t->v[i].text);
        hg_template_free(t->v[i].sub);
    }
    free(t->v);
    free(t);
}

struct hg_slice hg_template_static(const struct hg_template *t)
{
    HG_ASSERT(t != NULL);
    if (t->n == 0)
        return HG_LIT("");
    if (t->n == 1 && t->v[0].kind == HG_SEGMENT_LITERAL)
        return hg_slice(t->v[0].text, t->v[0].n);
    return hg_slice(NULL, 0);
}

/* Counts *i down over the secrets of t and what is inside. */
static struct hg_secret_slot *find_secret(const struct hg_template *t, bool maps, size_t *i)
{
    for (size_t k = 0; k < t->n; k++) {
        const struct hg_segment *s = &t->v[k];

        if (s->kind == HG_SEGMENT_SECRET && (*i)-- == 0)
            return s->slot;
        if (s->kind == HG_SEGMENT_BASE64) {
            struct hg_secret_slot *found = find_secret(s->sub, maps, i);

            if (found != NULL)
                return found;
        }
        for (size_t n = 0; maps && s->kind == HG_SEGMENT_MAP && hg_map_secret(s->map, n) != NULL; n++)
            if ((*i)-- == 0)
                return hg_map_secret(s->map, n);
    }
    return NULL;
}

struct hg_secret_slot *hg_template_secret(const struct hg_template *t, size_t i)
{
    HG_ASSERT(t != NULL);
    return find_secret(t, true, &i);
}

struct hg_secret_slot *hg_template_needs(const struct hg_template *t, size_t i)
{
    HG_ASSERT(t != NULL);
    return find_secret(t, false, &i);
}

unsigned hg_template_asks(const struct hg_template *t)
{
    unsigned asks = 0;

    for (size_t i = 0; i < t->n; i++) {
        if (t->v[i].kind == HG_SEGMENT_MAP)
            asks |= hg_map_asks(t->v[i].map);
        if (t->v[i].kind == HG_SEGMENT_BASE64)
            asks |= hg_template_asks(t->v[i].sub);
    }
    return asks;
}

unsigned hg_template_captures(const struct hg_template *t)
{
    unsigned most = 0;

    for (size_t i = 0; i < t->n; i++) {
        unsigned here = t->v[i].sub != NULL ? hg_template_captures(t->v[i].sub) : t->v[i].capture;

        most = here > most ? here : most;
    }
    return most;
}

bool hg_template_uses_env(const struct hg_template *t)
{
    return t->env;
}

bool hg_template_echoes(const struct hg_template *t)
{
    return t->echo;
}

struct hg_slice hg_template_host(struct hg_slice authority)
{
    ptrdiff_t end;

    if (authority.n > 0 && authority.p[0] == '[') {
        end = hg_slice_find(authority, ']');
        return end < 0 ? authority : hg_slice(authority.p, (size_t)end + 1);
    }
    end = hg_slice_find(authority, ':');
    if (end < 0 || hg_slice_find(hg_slice_from(authority, (size_t)end + 1), ':') >= 0)
        return authority; /* a bare IPv6 address has no port */
    return hg_slice(authority.p, (size_t)end);
}

/* A piece of the result, and the secret that must live until it is copied. */
struct piece {
    struct hg_slice s;
    struct hg_secret *held;
};

struct expansion {
    const struct hg_vars *vars;
    struct hg_arena *arena;
    const struct hg_secret_slot **missing;
};

static void put(char **at, struct hg_slice s)
{
    HG_ASSERT(s.n == 0 || s.p != NULL);
    if (s.n > 0)
        memcpy(*at, s.p, s.n);
    *at += s.n;
}

static size_t head_size(const struct hg_request *r)
{
    size_t n = r->method.n + r->path.n + r->query.n + sizeof(" ? HTTP/1.1\n");

    for (size_t i = 0; i < r->headers.n; i++)
        n += r->headers.v[i].name.n + r->headers.v[i].value.n + sizeof(": \n");
    return n;
}

static enum hg_expand render_head(const struct expansion *x, struct hg_slice *out)
{
    const struct hg_request *r = x->vars->request;
    size_t size = head_size(r);
    char *text, *at;

    if (size > HG_LIMIT_ECHO)
        return HG_EXPAND_NO_MEMORY;
    text = at = hg_arena_alloc(x->arena, size);
    if (text == NULL)
        return HG_EXPAND_NO_MEMORY;
    put(&at, r->method);
    put(&at, HG_LIT(" "));
    put(&at, r->path);
    put(&at, r->query.p != NULL ? HG_LIT("?") : HG_LIT(""));
    put(&at, r->query);
    put(&at, r->minor == 0 ? HG_LIT(" HTTP/1.0\n") : HG_LIT(" HTTP/1.1\n"));
    for (size_t i = 0; i < r->headers.n; i++) {
        put(&at, r->headers.v[i].name);
        put(&at, HG_LIT(": "));
        put(&at, r->headers.v[i].value);
        put(&at, HG_LIT("\n"));
    }
    HG_ASSERT(at <= text + size);
    *out = hg_slice(text, (size_t)(at - text));
    return HG_EXPAND_OK;
}

static struct hg_slice header_value(const struct hg_request *r, const struct hg_segment *s)
{
    const struct hg_header *h = hg_headers_find(&r->headers, hg_slice(s->text, s->n));

    return h != NULL ? h->value : HG_LIT("");
}

/* The user or group on the other side of a unix socket. */
static enum hg_expand peer_id(const struct expansion *x, enum hg_segment_kind kind, struct hg_slice *out)
{
    const struct hg_client *c = x->vars->client;

    *out = HG_LIT("");
    if (c == NULL || !c->has_peer)
        return HG_EXPAND_OK;
    *out = hg_arena_printf(x->arena, "%u", kind == HG_SEGMENT_PEER_UID ? c->uid : c->gid);
    return out->p != NULL ? HG_EXPAND_OK : HG_EXPAND_NO_MEMORY;
}

static enum hg_expand take_secret(const struct expansion *x, struct hg_secret_slot *slot, struct piece *out)
{
    out->held = hg_secret_slot_take_for(slot, x->vars->uses);
    if (out->held == NULL) {
        *x->missing = slot;
        return HG_EXPAND_NO_SECRET;
    }
    out->s = hg_secret_bytes(out->held);
    return HG_EXPAND_OK;
}

static enum hg_expand take_mapped(const struct expansion *x, const struct hg_map *map, struct piece *out)
{
    struct hg_map_taken taken;
    enum hg_map_found found = hg_map_find(map, x->vars, x->arena, &taken);

    if (x->vars->taken != NULL)
        *x->vars->taken = taken;
    switch (found) {
    case HG_MAP_FOUND:
        return take_secret(x, (struct hg_secret_slot *)(uintptr_t)taken.target, out);
    case HG_MAP_NONE:
        return HG_EXPAND_NO_MATCH;
    case HG_MAP_LIMIT:
        return HG_EXPAND_LIMIT;
    case HG_MAP_NO_MEMORY:
        return HG_EXPAND_NO_MEMORY;
    }
    HG_ASSERT(false);
    return HG_EXPAND_NO_MEMORY;
}

static enum hg_expand expand_base64(const struct expansion *x, const struct hg_segment *s,
                                    struct hg_slice *out)
{
    struct hg_slice plain;
    struct hg_vars plain_vars = *x->vars; /* what is encoded needs no escapes */
    enum hg_expand r;
    char *text;

    plain_vars.escape = HG_ESCAPE_NONE;
    r = hg_template_expand(s->sub, &plain_vars, x->arena, &plain, x->missing);

    if (r != HG_EXPAND_OK)
        return r;
    text = hg_arena_alloc(x->arena, HG_BASE64_LEN(plain.n) + 1);
    if (text == NULL)
        return HG_EXPAND_NO_MEMORY;
    *out = hg_slice(text, hg_text_base64(plain, text));
    return HG_EXPAND_OK;
}

static struct hg_slice capture(const struct hg_vars *vars, unsigned i)
{
    const struct hg_captures *c = vars->captures;

    return c != NULL && i < c->n && c->group[i].p != NULL ? c->group[i] : HG_LIT("");
}

/* Of a rate-limit; the compiler lets none of these in elsewhere. */
static struct hg_slice limit_value(const struct hg_limit_vars *v, enum hg_segment_kind kind)
{
    HG_ASSERT(v != NULL);
    switch (kind) {
    case HG_SEGMENT_LIMIT:
        return v->limit;
    case HG_SEGMENT_LIMIT_NAME:
        return v->name;
    case HG_SEGMENT_LIMIT_WINDOW:
        return v->window;
    case HG_SEGMENT_LIMIT_REMAINING:
        return v->remaining;
    case HG_SEGMENT_LIMIT_RESET:
        return v->reset;
    default:
        HG_ASSERT(kind == HG_SEGMENT_RETRY_AFTER);
        return v->retry_after;
    }
}

static struct hg_slice guard_word(const struct hg_guard_words *g, enum hg_segment_kind kind)
{
    HG_ASSERT(g != NULL);
    switch (kind) {
    case HG_SEGMENT_GUARD_NAME:
        return g->name;
    case HG_SEGMENT_GUARD_COUNT:
        return g->count;
    case HG_SEGMENT_GUARD_MAX:
        return g->max;
    case HG_SEGMENT_GUARD_MODEL:
        return g->model;
    case HG_SEGMENT_GUARD_REASON:
        return g->reason;
    default:
        return g->message;
    }
}

static enum hg_expand expand_one(const struct expansion *x, const struct hg_segment *s, struct piece *out)
{
    const struct hg_vars *v = x->vars;

    switch (s->kind) {
    case HG_SEGMENT_LITERAL:
        out->s = hg_slice(s->text, s->n);
        return HG_EXPAND_OK;
    case HG_SEGMENT_REQUEST_ID:
        out->s = v->request_id;
        return HG_EXPAND_OK;
    case HG_SEGMENT_CLIENT_IP:
        out->s = v->client_ip;
        return HG_EXPAND_OK;
    case HG_SEGMENT_FRONTEND:
        out->s = v->frontend;
        return HG_EXPAND_OK;
    case HG_SEGMENT_SERVER_HOST:
        out->s = v->server_host;
        return HG_EXPAND_OK;
    case HG_SEGMENT_TIME:
        out->s = v->time;
        return HG_EXPAND_OK;
    case HG_SEGMENT_ERROR_TYPE:
        out->s = v->error_type;
        return HG_EXPAND_OK;
    case HG_SEGMENT_ERROR_MESSAGE:
        out->s = v->error_message;
        return HG_EXPAND_OK;
    case HG_SEGMENT_LIMIT:
    case HG_SEGMENT_LIMIT_NAME:
    case HG_SEGMENT_LIMIT_WINDOW:
    case HG_SEGMENT_LIMIT_REMAINING:
    case HG_SEGMENT_LIMIT_RESET:
    case HG_SEGMENT_RETRY_AFTER:
        out->s = limit_value(v->limited, s->kind);
        return HG_EXPAND_OK;
    case HG_SEGMENT_GUARD_NAME:
    case HG_SEGMENT_GUARD_COUNT:
    case HG_SEGMENT_GUARD_MAX:
    case HG_SEGMENT_GUARD_MODEL:
    case HG_SEGMENT_GUARD_REASON:
    case HG_SEGMENT_GUARD_MESSAGE:
        out->s = guard_word(v->guard, s->kind);
        return HG_EXPAND_OK;
    case HG_SEGMENT_METHOD:
        out->s = v->request->method;
        return HG_EXPAND_OK;
    case HG_SEGMENT_PATH:
        out->s = v->request->path;
        return HG_EXPAND_OK;
    case HG_SEGMENT_HOST:
        out->s = hg_template_host(v->request->authority);
        return HG_EXPAND_OK;
    case HG_SEGMENT_HEADER:
        out->s = header_value(v->request, s);
        return HG_EXPAND_OK;
    case HG_SEGMENT_CLIENT_HEADER:
        out->s = header_value(v->arrived != NULL ? v->arrived : v->request, s);
        return HG_EXPAND_OK;
    case HG_SEGMENT_PEER_UID:
    case HG_SEGMENT_PEER_GID:
        return peer_id(x, s->kind, &out->s);
    case HG_SEGMENT_HEADERS:
        return render_head(x, &out->s);
    case HG_SEGMENT_CAPTURE:
        out->s = capture(v, s->capture);
        return HG_EXPAND_OK;
    case HG_SEGMENT_SECRET:
        return take_secret(x, s->slot, out);
    case HG_SEGMENT_MAP:
        return take_mapped(x, s->map, out);
    case HG_SEGMENT_BASE64:
        return expand_base64(x, s, &out->s);
    }
    HG_ASSERT(false);
    return HG_EXPAND_NO_MEMORY;
}

static enum hg_expand join(const struct piece *pieces, size_t n, struct hg_arena *arena, struct hg_slice *out)
{
    size_t size = 0;
    char *text, *at;

    for (size_t i = 0; i < n; i++)
        if (__builtin_add_overflow(size, pieces[i].s.n, &size))
            return HG_EXPAND_NO_MEMORY;
    text = at = hg_arena_alloc(arena, size > 0 ? size : 1);
    if (text == NULL)
        return HG_EXPAND_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        put(&at, pieces[i].s);
    HG_ASSERT(at == text + size);
    *out = hg_slice(text, size);
    return HG_EXPAND_OK;
}

enum hg_expand hg_template_expand(const struct hg_template *t, const struct hg_vars *vars,
                                  struct hg_arena *arena, struct hg_slice *out,
                                  const struct hg_secret_slot **missing)
{
    struct expansion x = {vars, arena, missing};
    enum hg_expand r = HG_EXPAND_OK;
    struct piece *pieces;

    HG_ASSERT(t != NULL && vars != NULL && arena != NULL);
    *missing = NULL;
    *out = hg_template_static(t);
    if (out->p != NULL)
        return HG_EXPAND_OK;
    pieces = hg_arena_alloc(arena, t->n * sizeof(*pieces));
    if (pieces == NULL)
        return HG_EXPAND_NO_MEMORY;
    memset(pieces, 0, t->n * sizeof(*pieces));
    for (size_t i = 0; i < t->n && r == HG_EXPAND_OK; i++) {
        r = expand_one(&x, &t->v[i], &pieces[i]);
        if (r == HG_EXPAND_OK && t->v[i].kind != HG_SEGMENT_LITERAL &&
            !hg_escape_text(vars->escape, pieces[i].s, arena, &pieces[i].s))
            r = HG_EXPAND_NO_MEMORY;
    }
    if (r == HG_EXPAND_OK)
        r = join(pieces, t->n, arena, out);
    for (size_t i = 0; i < t->n; i++)
        if (pieces[i].held != NULL)
            hg_secret_release(&pieces[i].held);
    return r;
}
