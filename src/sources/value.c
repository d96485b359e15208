/* SPDX-License-Identifier: MIT
 *
 * What a source gave. A good value replaces the one before at once; anything
 * else is said once, counted, and changes nothing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "internal.h"

/* Slots of plans that are gone are let go. */
static void prune(struct hg_live *l)
{
    size_t kept = 0;

    for (size_t i = 0; i < l->slots; i++) {
        if (hg_secret_slot_shared(l->slot[i]))
            l->slot[kept++] = l->slot[i];
        else
            hg_secret_slot_free(l->slot[i]);
    }
    l->slots = kept;
}

bool hg_live_add_slot(struct hg_live *l, struct hg_secret_slot *slot)
{
    struct hg_secret_slot **bigger;

    prune(l);
    for (size_t i = 0; i < l->slots; i++)
        if (l->slot[i] == slot)
            return true;
    bigger = realloc(l->slot, (l->slots + 1) * sizeof(struct hg_secret_slot *));
    if (bigger == NULL)
        return false;
    l->slot = bigger;
    l->slot[l->slots++] = hg_secret_slot_ref(slot);
    return true;
}

static bool is_current(const struct hg_live *l, const struct hg_secret *value)
{
    return l->value != NULL && hg_slice_eq(hg_secret_bytes(l->value), hg_secret_bytes(value));
}

static void set_slots(struct hg_live *l)
{
    prune(l);
    for (size_t i = 0; i < l->slots; i++)
        hg_secret_slot_set(l->slot[i], l->value != NULL ? hg_secret_ref(l->value) : NULL);
}

void hg_live_drop_value(struct hg_live *l)
{
    hg_secret_release(&l->value);
    set_slots(l);
}

/* One line for each thing that is wrong, however often it is found. */
static void keep_last(struct hg_live *l, const char *why, const char *said)
{
    struct hg_sources *s = l->sources;
    bool again = l->bad && strcmp(l->bad_why, why) == 0;

    HG_COUNT_ADD(s->o.counters, secret_failures_total, 1);
    if (l->value != NULL)
        HG_COUNT_ADD(s->o.counters, secrets_kept_total, 1);
    l->bad = true;
    snprintf(l->bad_why, sizeof(l->bad_why), "%s", why);
    if (again)
        return;
    hg_log_event(s->o.log, HG_LOG_WARN, l->value != NULL ? HG_EVENT_SECRET_KEPT : HG_EVENT_SECRET_UNAVAILABLE,
                 "secret %s: %s %s%s%s%s", l->spec->name, hg_secret_slot_source(l->spec->slot), why,
                 said[0] != '\0' ? ": " : "", said,
                 l->value == NULL                  ? ""
                 : l->spec->kind == HG_SOURCE_EXEC ? "; the value from before is used until it runs out"
                                                   : "; the value from before is used");
}

/* Takes v over. */
static bool replace(struct hg_live *l, struct hg_secret *v)
{
    struct hg_sources *s = l->sources;
    bool same = is_current(l, v), first = l->value == NULL;

    if (l->bad)
        hg_log_event(s->o.log, HG_LOG_INFO, HG_EVENT_SECRET_RECOVERED, "secret %s: %s is good again",
                     l->spec->name, hg_secret_slot_source(l->spec->slot));
    l->bad = false;
    if (same) {
        hg_secret_release(&v);
        return false;
    }
    hg_secret_release(&l->value);
    l->value = v;
    set_slots(l);
    if (!first)
        HG_COUNT_ADD(s->o.counters, secrets_rotated_total, 1);
    hg_log_event(s->o.log, HG_LOG_INFO, first ? HG_EVENT_SECRET_LOADED : HG_EVENT_SECRET_ROTATED,
                 "secret %s: %s value from %s", l->spec->name, first ? "a" : "a new",
                 hg_secret_slot_source(l->spec->slot));
    return true;
}

bool hg_live_take(struct hg_live *l, const struct hg_slice *raw, const char *why, const char *said)
{
    struct hg_source_value v = {.why = why};

    if (raw != NULL && !hg_source_read(l->spec, *raw, hg_loop_wall(l->sources->o.loop), &v))
        v.why = "cannot be taken: out of memory";
    if (v.secret != NULL && v.holds == 1) {
        hg_secret_release(&v.secret);
        v.why = "gave a value that has run out already";
    }
    if (v.secret == NULL) {
        keep_last(l, v.why, said);
        return false;
    }
    if (l->spec->kind == HG_SOURCE_EXEC)
        hg_live_set_life(l, v.holds);
    return replace(l, v.secret);
}

bool hg_live_read_file(struct hg_live *l)
{
    size_t cap = HG_LIMIT_SECRET + 1u, n = SIZE_MAX;
    char *buf = hg_locked_new(cap), text[160];
    const char *why = "out of memory";
    struct hg_slice raw;
    bool fresh;

    HG_ASSERT(l->spec->kind == HG_SOURCE_FILE && l->spec->path != NULL);
    if (buf != NULL)
        n = hg_file_read(l->spec->path, buf, cap, &why);
    raw = hg_slice(buf, n != SIZE_MAX ? n : 0);
    snprintf(text, sizeof(text), "cannot be read: %s", why);
    fresh = hg_live_take(l, n != SIZE_MAX ? &raw : NULL, text, "");
    hg_locked_free(buf, cap);
    return fresh;
}
