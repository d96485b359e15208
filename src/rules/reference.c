/* SPDX-License-Identifier: MIT
 *
 * $<...>: what a string takes from its surroundings when the plan is built. A
 * mistake is found whatever the environment holds, so defaults are compiled even
 * when they are not used.
 */
#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"
#include "compile.h"

#define NEST_MAX 16u /* $<A:-$<B:-...>> */

/* One segment without value: an action with a $<NAME?> vanishes whatever else is unset. */
void hg_reference_unset(struct hg_compiler *c, struct hg_slice name, size_t offset, bool vanish)
{
    if (c->result == HG_TEMPLATE_BAD || c->result == HG_TEMPLATE_VANISH)
        return;
    if (c->result == HG_TEMPLATE_UNSET && !vanish)
        return;
    c->result = vanish ? HG_TEMPLATE_VANISH : HG_TEMPLATE_UNSET;
    c->note->offset = offset;
    hg_text_printable(name, c->note->name, sizeof(c->note->name));
}

/* Moves the segments of from behind those of t. */
void hg_reference_splice(struct hg_compiler *c, struct hg_template *t, struct hg_template *from)
{
    t->env |= from->env;
    t->echo |= from->echo;
    t->path |= from->path;
    t->credential |= from->credential;
    for (size_t i = 0; i < from->n; i++) {
        struct hg_segment *s;

        if (from->v[i].kind == HG_SEGMENT_LITERAL) {
            hg_compile_literal(c, t, hg_slice(from->v[i].text, from->v[i].n));
            continue;
        }
        s = hg_compile_add(c, t, from->v[i].kind);
        if (s == NULL)
            return;
        *s = from->v[i];
        from->v[i].text = NULL;
        from->v[i].sub = NULL;
    }
}

static bool is_name_char(char ch, bool first)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_' ||
           (!first && ch >= '0' && ch <= '9');
}

static size_t name_length(struct hg_slice s)
{
    size_t n = 0;

    while (n < s.n && is_name_char(s.p[n], n == 0))
        n++;
    return n;
}

/* What the config declares may have a '-' in its name. */
static size_t declared_length(struct hg_slice s)
{
    size_t n = 0;

    while (n < s.n && (is_name_char(s.p[n], false) || s.p[n] == '-'))
        n++;
    return n;
}

bool hg_compile_clean(struct hg_slice value)
{
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] == '\r' || value.p[i] == '\n' || value.p[i] == '\0')
            return false;
    return true;
}

/* The variable's value; false when unset (*value is empty) or bad. */
static bool look_up(struct hg_compiler *c, const struct hg_reference *r, struct hg_slice *value)
{
    char name[64];

    *value = hg_slice(NULL, 0);
    if (c->resolver->env == NULL || !c->resolver->env(c->resolver->ctx, r->name, value) || value->n == 0) {
        *value = hg_slice(NULL, 0);
        return false;
    }
    if (hg_compile_clean(*value))
        return true;
    hg_text_printable(r->name, name, sizeof(name));
    hg_compile_bad(c, r->at, "the value of %s has a line break or NUL inside", name);
    return false;
}

/* The host in "https://user@host:1/path", "host:1" or "host". With a backslash readers differ on where it
 * ends. */
static bool host_of(struct hg_slice value, struct hg_slice *host)
{
    struct hg_slice bare;
    size_t end = 0;

    value = hg_slice_trim(value);
    if (memchr(value.p, '\\', value.n) != NULL)
        return false;
    for (size_t i = 0; i + 2 < value.n && value.p[i] != '/'; i++) {
        if (memcmp(value.p + i, "://", 3) == 0) {
            value = hg_slice_from(value, i + 3);
            break;
        }
    }
    while (end < value.n && strchr("/?#", value.p[end]) == NULL)
        end++;
    value.n = end;
    for (size_t i = value.n; i > 0; i--) {
        if (value.p[i - 1] == '@') {
            value = hg_slice_from(value, i);
            break;
        }
    }
    *host = hg_template_host(value);
    bare = *host;
    if (bare.n > 1 && bare.p[0] == '[')
        bare = hg_slice(bare.p + 1, bare.n - 2);
    return hg_text_is_ip(bare) || hg_text_is_hostname(bare);
}

static bool is_positive(struct hg_slice value)
{
    uint64_t number;

    return hg_slice_u64(hg_slice_trim(value), &number) && number > 0 && number <= INT64_MAX;
}

/* Compiles the default; into t when it is used. */
void hg_reference_standby(struct hg_compiler *c, struct hg_template *t, const struct hg_reference *r,
                          bool used)
{
    enum hg_template_result before = c->result;
    struct hg_template_note note = *c->note;
    struct hg_template *own = hg_template_new();

    if (own == NULL) {
        hg_compile_bad(c, r->at, "no memory");
        return;
    }
    hg_compile_text(c, own, r->standby, r->standby_at);
    if (used) {
        hg_reference_splice(c, t, own);
    } else if (c->result != HG_TEMPLATE_BAD) {
        c->result = before;
        *c->note = note;
    }
    hg_template_free(own);
}

/* A value that is none is said, and nothing more when something can stand in for it. 0 is the number for
 * "off". */
static bool as_number(struct hg_compiler *c, const struct hg_reference *r, struct hg_slice *value)
{
    uint64_t number;

    *value = hg_slice_trim(*value);
    if (!hg_slice_u64(*value, &number) && c->resolver->unusable != NULL)
        c->resolver->unusable(c->resolver->ctx, r->name, "a whole number");
    return is_positive(*value);
}

static bool as_host(struct hg_compiler *c, const struct hg_reference *r, struct hg_slice *value)
{
    static const char wanted[] = "a host or a URL with a host";
    char name[64];

    if (host_of(*value, value))
        return true;
    if (r->standby.p == NULL && !r->vanish) {
        hg_text_printable(r->name, name, sizeof(name));
        hg_compile_bad(c, r->at, "the value of %s is not %s", name, wanted);
    } else if (c->resolver->unusable != NULL) {
        c->resolver->unusable(c->resolver->ctx, r->name, wanted);
    }
    return false;
}

static void variable(struct hg_compiler *c, struct hg_template *t, const struct hg_reference *r)
{
    struct hg_slice value;
    bool found = look_up(c, r, &value);

    if (found && hg_slice_eq(r->function, HG_LIT("int")))
        found = as_number(c, r, &value);
    else if (found && hg_slice_eq(r->function, HG_LIT("host")))
        found = as_host(c, r, &value);
    if (c->result == HG_TEMPLATE_BAD)
        return;
    if (found) {
        t->env = true;
        hg_compile_literal(c, t, value);
    }
    if (r->standby.p != NULL)
        hg_reference_standby(c, t, r, !found);
    else if (!found)
        hg_reference_unset(c, r->name, r->at, r->vanish);
}

static void base64_literal(struct hg_compiler *c, struct hg_template *t, struct hg_slice plain)
{
    char *text = malloc(HG_BASE64_LEN(plain.n) + 1);

    if (text == NULL) {
        hg_compile_bad(c, 0, "no memory");
        return;
    }
    hg_compile_literal(c, t, hg_slice(text, hg_text_base64(plain, text)));
    explicit_bzero(text, HG_BASE64_LEN(plain.n));
    free(text);
}

static void base64(struct hg_compiler *c, struct hg_template *t, const struct hg_reference *r)
{
    struct hg_template *sub = hg_template_new();
    struct hg_segment *s;
    struct hg_slice plain;

    if (sub == NULL) {
        hg_compile_bad(c, r->at, "no memory");
        return;
    }
    hg_compile_text(c, sub, r->name, r->name_at);
    t->env |= sub->env;
    t->echo |= sub->echo;
    t->path |= sub->path;
    t->credential |= sub->credential;
    plain = hg_template_static(sub);
    if (plain.p != NULL) {
        base64_literal(c, t, plain);
        hg_template_free(sub);
        return;
    }
    s = hg_compile_add(c, t, HG_SEGMENT_BASE64);
    if (s != NULL)
        s->sub = sub;
    else
        hg_template_free(sub);
}

static void uuid(struct hg_compiler *c, struct hg_template *t, const struct hg_reference *r)
{
    if (c->resolver->uuid == NULL)
        hg_reference_unset(c, r->name, r->at, false);
    else
        hg_compile_literal(c, t, hg_slice_str(c->resolver->uuid));
}

static void dispatch(struct hg_compiler *c, struct hg_template *t, const struct hg_reference *r)
{
    static const char *const functions[] = {"base64", "choose", "host",   "int",
                                            "json",   "map",    "secret", "uuid"};
    const char *nearest;
    char name[64];

    if (r->function.n == 0 || hg_slice_eq(r->function, HG_LIT("host")) ||
        hg_slice_eq(r->function, HG_LIT("int"))) {
        variable(c, t, r);
    } else if (hg_slice_eq(r->function, HG_LIT("secret"))) {
        hg_declared_secret(c, t, r);
    } else if (hg_slice_eq(r->function, HG_LIT("base64"))) {
        base64(c, t, r);
    } else if (hg_slice_eq(r->function, HG_LIT("choose"))) {
        hg_declared_choice(c, t, r);
    } else if (hg_slice_eq(r->function, HG_LIT("json"))) {
        hg_compile_bad(c, r->at,
                       "$<json:...> stands for a list or a map: it stands alone, where one is expected");
    } else if (hg_slice_eq(r->function, HG_LIT("map"))) {
        hg_declared_map(c, t, r);
    } else if (hg_slice_eq(r->function, HG_LIT("uuid"))) {
        uuid(c, t, r);
    } else {
        hg_text_printable(r->function, name, sizeof(name));
        nearest = hg_text_nearest(r->function, functions, sizeof(functions) / sizeof(*functions));
        hg_compile_bad(c, r->at, "$<%s:...> is not known%s%s%s", name, nearest ? ", did you mean " : "",
                       nearest ? nearest : "", nearest ? "?" : "");
    }
}

/* What is behind a variable's name: nothing, '?' or ":-default". */
static bool read_tail(struct hg_compiler *c, struct hg_reference *r, struct hg_slice tail, size_t at)
{
    if (tail.n == 0)
        return true;
    if (tail.n == 1 && tail.p[0] == '?') {
        r->vanish = true;
        return true;
    }
    if (hg_slice_starts(tail, HG_LIT(":-"))) {
        r->standby = hg_slice(tail.p + 2, tail.n - 2);
        r->standby_at = at + 2;
        return true;
    }
    hg_compile_bad(c, at, "behind a variable's name stands nothing, \"?\" or \":-\" and a default");
    return false;
}

static bool read_reference(struct hg_compiler *c, struct hg_slice inner, size_t at, struct hg_reference *r)
{
    size_t n = name_length(inner), skip = 0;

    memset(r, 0, sizeof(*r));
    r->at = at;
    if (hg_slice_eq(inner, HG_LIT("uuid"))) {
        r->function = r->name = inner;
        return true;
    }
    if (n > 0 && n + 1 < inner.n && inner.p[n] == ':' && inner.p[n + 1] != '-') {
        r->function = hg_slice(inner.p, n);
        skip = n + 1;
        inner = hg_slice_from(inner, skip);
        n = name_length(inner);
    }
    r->name = inner;
    r->name_at = at + 2 + skip;
    if (hg_slice_eq(r->function, HG_LIT("choose"))) {
        n = declared_length(inner);
        r->name.n = n;
        return read_tail(c, r, hg_slice_from(inner, n), r->name_at + n);
    }
    if (r->function.n != 0 && !hg_slice_eq(r->function, HG_LIT("host")) &&
        !hg_slice_eq(r->function, HG_LIT("int")))
        return true;
    if (n == 0) {
        hg_compile_bad(c, r->name_at,
                       "a variable's name has letters, digits and \"_\", and begins with no digit");
        return false;
    }
    r->name.n = n;
    return read_tail(c, r, hg_slice_from(inner, n), r->name_at + n);
}

ptrdiff_t hg_compile_inner(struct hg_slice text)
{
    unsigned open = 0;

    for (size_t i = 2; i < text.n; i++) {
        if (text.p[i] == '$' && i + 1 < text.n && (text.p[i + 1] == '$' || text.p[i + 1] == '<')) {
            open += text.p[i + 1] == '<';
            i++;
        } else if (text.p[i] == '>' && open-- == 0) {
            return (ptrdiff_t)i - 2;
        }
    }
    return -1;
}

size_t hg_compile_reference(struct hg_compiler *c, struct hg_template *t, struct hg_slice text, size_t at)
{
    ptrdiff_t n = hg_compile_inner(text);
    struct hg_reference r;

    if (n < 0) {
        hg_compile_bad(c, at, "$< is not closed by >");
        return text.n;
    }
    if (c->depth >= NEST_MAX) {
        hg_compile_bad(c, at, "$<...> is nested too deeply");
        return text.n;
    }
    c->depth++;
    if (read_reference(c, hg_slice(text.p + 2, (size_t)n), at, &r))
        dispatch(c, t, &r);
    c->depth--;
    return (size_t)n + 3;
}
