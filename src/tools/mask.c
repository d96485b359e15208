/* SPDX-License-Identifier: MIT
 *
 * Secrets in what is shown. The values themselves never come near it: markers
 * take their place before the first rule runs, so that a form nobody thought of
 * shows a marker and not a secret.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"
#include "explain.h"

#define BASE64_LEAST 24u /* shorter words hold no marker */

/* "hgsecret", a number and the digits of a UUID. */
static bool make_marker(struct hg_mask_entry *e, size_t index)
{
    char uuid[HG_TEXT_UUID_LEN];
    size_t n;

    if (!hg_text_uuid(uuid))
        return false;
    n = (size_t)snprintf(e->marker, sizeof(e->marker), "hgsecret%zux", index);
    for (const char *c = uuid; *c != '\0' && n + 1 < sizeof(e->marker); c++)
        if (*c != '-')
            e->marker[n++] = *c;
    e->marker[n] = '\0';
    return true;
}

static bool hide(struct hg_mask_entry *e, const struct hg_source *s, size_t index)
{
    struct hg_secret *value = hg_secret_slot_take(s->slot), *marker;

    e->source = s;
    /* The first value of what had none when the plan was built is a stand-in. */
    e->stand_in = value == NULL || (!s->read && hg_secret_slot_version(s->slot) < 2);
    e->length = value != NULL ? hg_secret_bytes(value).n : 0;
    if (!make_marker(e, index)) {
        hg_secret_release(&value);
        return false;
    }
    /* Without a value it stays without: that is what would happen. */
    marker = value != NULL ? hg_secret_new(hg_slice_str(e->marker)) : NULL;
    if (marker != NULL)
        hg_secret_slot_set(s->slot, marker);
    hg_secret_release(&value);
    return marker != NULL || e->length == 0;
}

bool hg_mask_init(struct hg_mask *m, const struct hg_plan *plan)
{
    m->n = 0;
    m->v = calloc(plan->sources + 1, sizeof(*m->v));
    for (size_t i = 0; m->v != NULL && i < plan->sources; i++) {
        const struct hg_source *s = &plan->source[i];

        /* A group has no value of its own. */
        if (s->kind == HG_SOURCE_ANY || s->slot == NULL)
            continue;
        if (!hide(&m->v[m->n++], s, i))
            return false;
    }
    return m->v != NULL;
}

void hg_mask_free(struct hg_mask *m)
{
    free(m->v);
    m->v = NULL;
    m->n = 0;
}

static struct hg_slice name_of(const struct hg_mask_entry *e, struct hg_arena *arena)
{
    const char *source = hg_secret_slot_source(e->source->slot);

    if (e->stand_in)
        return hg_arena_printf(arena, "<secret %s: %s, not read here>", e->source->name, source);
    return hg_arena_printf(arena, "<secret %s: %s, %zu bytes>", e->source->name, source, e->length);
}

/* Replaces what [from, from + n) of the text is; .p NULL: full. */
static struct hg_slice replace(struct hg_slice text, size_t from, size_t n, struct hg_slice by,
                               struct hg_arena *arena)
{
    struct hg_slice head = hg_arena_join(arena, hg_slice(text.p, from), by);

    return head.p == NULL || by.p == NULL ? hg_slice(NULL, 0)
                                          : hg_arena_join(arena, head, hg_slice_from(text, from + n));
}

static struct hg_slice show_plain(const struct hg_mask *m, struct hg_slice text, struct hg_arena *arena)
{
    for (size_t i = 0; i < m->n && text.p != NULL; i++) {
        size_t n = strlen(m->v[i].marker);
        const char *at;

        while (text.p != NULL && text.n >= n && (at = memmem(text.p, text.n, m->v[i].marker, n)) != NULL)
            text = replace(text, (size_t)(at - text.p), n, name_of(&m->v[i], arena), arena);
    }
    return text;
}

static int digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* The bytes of a word of base64, either alphabet, with or without padding. */
static struct hg_slice decode(struct hg_slice word, struct hg_arena *arena)
{
    char *out = hg_arena_alloc(arena, word.n + 1);
    unsigned bits = 0, have = 0;
    size_t n = 0;

    for (size_t i = 0; out != NULL && i < word.n; i++) {
        bits = bits << 6 | (unsigned)digit(word.p[i]);
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[n++] = (char)(bits >> have & 0xff);
        }
    }
    return out != NULL ? hg_slice(out, n) : hg_slice(NULL, 0);
}

/* The next run of base64 characters at or behind *at; false: none that is long enough. */
static bool next_word(struct hg_slice text, size_t *at, struct hg_slice *word)
{
    size_t i = *at;

    while (i < text.n) {
        size_t begin = i;

        while (i < text.n && digit(text.p[i]) >= 0)
            i++;
        if (i - begin >= BASE64_LEAST) {
            *word = hg_slice(text.p + begin, i - begin);
            *at = begin;
            return true;
        }
        i++;
    }
    return false;
}

struct hg_slice hg_mask_show(const struct hg_mask *m, struct hg_slice text, struct hg_arena *arena)
{
    struct hg_slice word;

    text = show_plain(m, text, arena);
    for (size_t at = 0; text.p != NULL && next_word(text, &at, &word);) {
        struct hg_slice plain = decode(word, arena), shown = {NULL, 0};
        size_t pad = 0;

        if (plain.p != NULL)
            shown = show_plain(m, plain, arena);
        if (shown.p == NULL || shown.p == plain.p) { /* not one of ours */
            at += word.n;
            continue;
        }
        while (at + word.n + pad < text.n && text.p[at + word.n + pad] == '=')
            pad++;
        shown = hg_arena_printf(arena, "<base64 of %.*s>", HG_FMT(shown));
        text = replace(text, at, word.n + pad, shown, arena);
        at += shown.n;
    }
    return text;
}
