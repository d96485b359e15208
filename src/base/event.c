/* SPDX-License-Identifier: MIT
 *
 * The tables of events and values, and filling an event. Nothing is copied and
 * nothing is allocated: an event lives for the time of one line.
 */
#include "base/event.h"

#include <time.h>

#include "base/check.h"

static const struct hg_event_row events[] = {
#define X(id, name, about, otherwise, when) {name, HG_ABOUT_##about, HG_EVENT_##otherwise, when},
    HG_EVENTS(X)
#undef X
};

static const struct hg_value_row values[] = {
#define X(id, field, name, kind, about, what) {field, name, HG_VALUE_##kind, HG_ABOUT_##about, what},
    HG_EVENT_VALUES(X)
#undef X
};

const struct hg_event_row *hg_event_row(enum hg_event_id id)
{
    HG_ASSERT(id < HG_EVENT_COUNT);
    return &events[id];
}

const struct hg_value_row *hg_value_row(enum hg_event_value id)
{
    HG_ASSERT(id < HG_EV_COUNT);
    return &values[id];
}

/* '-' and '_' are the same. */
static bool same_name(struct hg_slice written, const char *name)
{
    size_t i = 0;
    for (; i < written.n && name[i] != '\0'; i++)
        if (written.p[i] != name[i] && !(written.p[i] == '-' && name[i] == '_'))
            return false;
    return i == written.n && name[i] == '\0';
}

enum hg_event_id hg_event_find(struct hg_slice name)
{
    for (size_t i = 0; i < HG_EVENT_COUNT; i++)
        if (same_name(name, events[i].name))
            return (enum hg_event_id)i;
    return HG_EVENT_NOTHING;
}

enum hg_event_value hg_value_find(struct hg_slice name)
{
    for (size_t i = 0; i < HG_EV_COUNT; i++)
        if (hg_slice_eq(name, hg_slice_str(values[i].name)))
            return (enum hg_event_value)i;
    return HG_EV_COUNT;
}

void hg_event_begin(struct hg_event *e, enum hg_event_id id, enum hg_log_level level)
{
    struct timespec t;
    HG_ASSERT(id < HG_EVENT_COUNT);
    _Static_assert(HG_EV_COUNT <= UINT8_MAX, "a place in the table is a byte");
    clock_gettime(CLOCK_REALTIME, &t);
    e->id = id;
    e->level = level;
    e->at = (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
    e->n = 0;
    e->aside = false;
    memset(e->given, 0, sizeof(e->given));
    e->ctx = NULL;
    e->header = NULL;
    e->more = NULL;
}

static void give(struct hg_event *e, enum hg_event_value id)
{
    HG_ASSERT(id < HG_EV_COUNT && !e->given[id] && e->n < HG_EV_COUNT);
    e->given[id] = true;
    if (!e->aside && values[id].field[0] != '\0')
        e->order[e->n++] = (uint8_t)id;
}

void hg_event_text(struct hg_event *e, enum hg_event_value id, struct hg_slice text)
{
    HG_ASSERT(values[id].kind == HG_VALUE_TEXT || values[id].kind == HG_VALUE_PEER);
    give(e, id);
    e->value[id].text = text;
}

void hg_event_word(struct hg_event *e, enum hg_event_value id, const char *text)
{
    if (text != NULL && *text != '\0')
        hg_event_text(e, id, hg_slice_str(text));
}

void hg_event_number(struct hg_event *e, enum hg_event_value id, uint64_t n)
{
    HG_ASSERT(values[id].kind == HG_VALUE_NUMBER || values[id].kind == HG_VALUE_MS);
    give(e, id);
    e->value[id].number = n;
}

void hg_event_truth(struct hg_event *e, enum hg_event_value id, bool truth)
{
    HG_ASSERT(values[id].kind == HG_VALUE_TRUTH);
    give(e, id);
    e->value[id].number = truth;
}

void hg_event_show(struct hg_event *e, enum hg_event_value id)
{
    HG_ASSERT(values[id].field[0] != '\0' && e->n < HG_EV_COUNT);
    if (e->given[id])
        e->order[e->n++] = (uint8_t)id;
}
