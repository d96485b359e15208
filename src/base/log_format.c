/* SPDX-License-Identifier: MIT
 *
 * From an event to a line. Whatever a value holds, a JSON line stays JSON (each
 * field is written whole or not at all) and a text line stays one line: what is
 * put in is escaped, only the text of the config is not.
 */
#include "base/log_format.h"

#include <stdio.h>
#include <time.h>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"

/* ---- which event, and how important ---- */

static const struct hg_log_entry *entry_of(const struct hg_log_format *f, enum hg_event_id id)
{
    return f != NULL && f->entry[id].named ? &f->entry[id] : NULL;
}

enum hg_event_id hg_log_stands_for(const struct hg_log_use *use, enum hg_event_id id)
{
    while (id < HG_EVENT_COUNT && entry_of(use->format, id) == NULL) {
        enum hg_event_id other = hg_event_row(id)->otherwise;
        if (other == HG_EVENT_ITSELF)
            return id;
        id = other;
    }
    return id;
}

enum hg_log_level hg_log_level_of(const struct hg_log_use *use, enum hg_event_id id, enum hg_log_level own)
{
    const struct hg_log_entry *entry = entry_of(use->format, id);
    return entry != NULL && entry->has_level ? entry->level : own;
}

/* ---- text of values ---- */

struct writer {
    const struct hg_log_format *format;
    const struct hg_log_entry *entry;
    const struct hg_event *e;
    char *out; /* text so far */
    size_t cap, n;
    bool escape; /* values go into a text line */
};

static void put(struct writer *w, const char *p, size_t n)
{
    if (n > w->cap - w->n)
        n = w->cap - w->n;
    if (n > 0)
        memcpy(w->out + w->n, p, n);
    w->n += n;
}

/* Nothing in a value may end a line or the quotes around it. */
static bool is_plain(const char *p, size_t len)
{
    unsigned char c = (unsigned char)p[0];
    return len > 1 ? c != 0xc2 || (unsigned char)p[1] >= 0xa0
                   : len == 1 && c >= 0x20 && c != 0x7f && c != '"' && c != '\\';
}

static void put_value(struct writer *w, struct hg_slice text)
{
    char hex[8];
    if (!w->escape) {
        put(w, text.p, text.n);
        return;
    }
    for (size_t i = 0; i < text.n;) {
        size_t len = hg_json_utf8(text.p + i, text.n - i);
        if (is_plain(text.p + i, len)) {
            put(w, text.p + i, len);
            i += len;
        } else {
            int n = snprintf(hex, sizeof(hex), "\\x%02x", (unsigned char)text.p[i]);
            put(w, hex, (size_t)n);
            i++;
        }
    }
}

static void put_peer(struct writer *w, struct hg_slice text)
{
    char kept[HG_LIMIT_LOG_VALUE];
    size_t n;
    HG_ASSERT(w->format->cut > 0 && w->format->cut <= sizeof(kept));
    n = hg_json_clean(text, kept, w->format->cut);
    put_value(w, hg_slice(kept, n));
}

static void put_clf_time(struct writer *w)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)(w->e->at / 1000000u);
    struct tm t = {0};
    char text[48];
    (void)gmtime_r(&seconds, &t);
    int n = snprintf(text, sizeof(text), "%02d/%.3s/%04d:%02d:%02d:%02d +0000", t.tm_mday,
                     months + (size_t)t.tm_mon * 3, t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
    put(w, text, (size_t)n);
}

static const char *event_name(const struct hg_log_entry *entry, const struct hg_event *e)
{
    return entry != NULL && entry->event != NULL ? entry->event : hg_event_row(e->id)->name;
}

static void put_own(struct writer *w, enum hg_event_value id)
{
    char when[HG_TEXT_TIME_LEN];
    switch (id) {
    case HG_EV_TIME:
        hg_text_time(w->e->at, when);
        put(w, when, strlen(when));
        break;
    case HG_EV_TIME_CLF:
        put_clf_time(w);
        break;
    case HG_EV_LEVEL:
        put_value(w, hg_slice_str(hg_log_level_name(w->e->level)));
        break;
    default:
        HG_ASSERT(id == HG_EV_EVENT);
        put_value(w, hg_slice_str(event_name(w->entry, w->e)));
    }
}

static void put_number(struct writer *w, enum hg_event_value id)
{
    uint64_t n = w->e->value[id].number;
    char text[32];
    int len =
        hg_value_row(id)->kind == HG_VALUE_MS
            ? snprintf(text, sizeof(text), "%llu.%03u", (unsigned long long)(n / 1000), (unsigned)(n % 1000))
            : snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
    put(w, text, (size_t)len);
}

static bool is_given(const struct hg_event *e, enum hg_event_value id)
{
    return hg_value_row(id)->kind == HG_VALUE_OWN || e->given[id];
}

static struct hg_slice header_of(const struct hg_event *e, struct hg_slice name)
{
    return e->header != NULL ? e->header(e->ctx, name) : hg_slice(NULL, 0);
}

static void put_event_value(struct writer *w, enum hg_event_value id)
{
    if (!is_given(w->e, id)) {
        put(w, "-", 1);
        return;
    }
    switch (hg_value_row(id)->kind) {
    case HG_VALUE_TEXT:
        put_value(w, w->e->value[id].text);
        break;
    case HG_VALUE_PEER:
        put_peer(w, w->e->value[id].text);
        break;
    case HG_VALUE_NUMBER:
    case HG_VALUE_MS:
        put_number(w, id);
        break;
    case HG_VALUE_TRUTH:
        put_value(w, w->e->value[id].number != 0 ? HG_LIT("true") : HG_LIT("false"));
        break;
    case HG_VALUE_OWN:
        put_own(w, id);
        break;
    }
}

static void put_part(struct writer *w, const struct hg_log_part *p)
{
    struct hg_slice header;
    switch (p->kind) {
    case HG_PART_LITERAL:
        put(w, p->text.p, p->text.n);
        break;
    case HG_PART_TRUTH:
        put_value(w, p->truth ? HG_LIT("true") : HG_LIT("false"));
        break;
    case HG_PART_HEADER:
        header = header_of(w->e, p->text);
        if (header.p == NULL)
            put(w, "-", 1);
        else
            put_peer(w, header);
        break;
    case HG_PART_VALUE:
        put_event_value(w, p->id);
        break;
    }
}

static struct hg_slice expand(struct writer *w, const struct hg_log_template *t)
{
    w->n = 0;
    for (size_t i = 0; i < t->n; i++)
        put_part(w, &t->part[i]);
    return hg_slice(w->out, w->n);
}

/* Text alone is a value too; of those that a request brings one is enough. */
static bool has_value(const struct hg_event *e, const struct hg_log_template *t)
{
    bool asks = false;
    for (size_t i = 0; i < t->n; i++) {
        const struct hg_log_part *p = &t->part[i];
        if ((p->kind == HG_PART_VALUE && is_given(e, p->id)) ||
            (p->kind == HG_PART_HEADER && header_of(e, p->text).p != NULL) || p->kind == HG_PART_TRUTH)
            return true;
        asks = asks || p->kind == HG_PART_VALUE || p->kind == HG_PART_HEADER;
    }
    return !asks;
}

/* ---- JSON ---- */

static void own_value(struct hg_json *j, const struct hg_event *e, enum hg_event_value id)
{
    const struct hg_value_row *row = hg_value_row(id);
    switch (row->kind) {
    case HG_VALUE_TEXT:
        hg_json_str(j, row->field, e->value[id].text);
        break;
    case HG_VALUE_PEER:
        hg_json_peer(j, row->field, e->value[id].text);
        break;
    case HG_VALUE_NUMBER:
        hg_json_u64(j, row->field, e->value[id].number);
        break;
    case HG_VALUE_MS:
        hg_json_ms(j, row->field, e->value[id].number);
        break;
    case HG_VALUE_TRUTH:
        hg_json_bool(j, row->field, e->value[id].number != 0);
        break;
    case HG_VALUE_OWN:
        HG_ASSERT(false);
        break;
    }
}

static struct hg_slice own_line(const struct hg_event *e, const char *name, char *out)
{
    char when[HG_TEXT_TIME_LEN];
    struct hg_json j;
    hg_text_time(e->at, when);
    hg_json_begin(&j, out, HG_LOG_LINE_MAX);
    hg_json_str(&j, hg_value_row(HG_EV_TIME)->field, hg_slice_str(when));
    hg_json_str(&j, hg_value_row(HG_EV_LEVEL)->field, hg_slice_str(hg_log_level_name(e->level)));
    hg_json_str(&j, hg_value_row(HG_EV_EVENT)->field, hg_slice_str(name));
    for (size_t i = 0; i < e->n; i++)
        own_value(&j, e, (enum hg_event_value)e->order[i]);
    if (e->more != NULL)
        e->more(e->ctx, &j);
    return hg_json_end(&j);
}

/* A single variable that is no text keeps its type. */
static bool put_typed(struct writer *w, struct hg_json *j, const struct hg_log_field *f)
{
    const struct hg_log_part *p = &f->value.part[0];
    if (f->value.n != 1 || p->kind == HG_PART_LITERAL || p->kind == HG_PART_HEADER)
        return false;
    if (p->kind == HG_PART_TRUTH) {
        hg_json_bool(j, f->key, p->truth);
        return true;
    }
    switch (hg_value_row(p->id)->kind) {
    case HG_VALUE_NUMBER:
        hg_json_u64(j, f->key, w->e->value[p->id].number);
        return true;
    case HG_VALUE_MS:
        hg_json_ms(j, f->key, w->e->value[p->id].number);
        return true;
    case HG_VALUE_TRUTH:
        hg_json_bool(j, f->key, w->e->value[p->id].number != 0);
        return true;
    default:
        return false;
    }
}

static void put_field(struct writer *w, struct hg_json *j, const struct hg_log_field *f, bool present)
{
    if (!present)
        hg_json_null(j, f->key);
    else if (!put_typed(w, j, f))
        hg_json_str(j, f->key, expand(w, &f->value));
}

static struct hg_slice json_line(struct writer *w, char *out)
{
    char text[HG_LOG_LINE_MAX];
    struct hg_json j;
    unsigned open = 0; /* objects that are open now */
    w->out = text;
    w->cap = sizeof(text);
    hg_json_begin(&j, out, HG_LOG_LINE_MAX);
    for (size_t i = 0; i < w->entry->fields; i++) {
        const struct hg_log_field *f = &w->entry->field[i];
        bool present = has_value(w->e, &f->value);
        for (; open > f->shared; open--)
            hg_json_close(&j);
        if (!present && !w->format->absent_null)
            continue;
        for (; open < f->depth; open++)
            hg_json_open(&j, f->object[open]);
        put_field(w, &j, f, present);
    }
    w->out = NULL;
    return hg_json_end(&j);
}

static struct hg_slice text_line(struct writer *w, char *out)
{
    w->out = out;
    w->cap = HG_LOG_LINE_MAX - 1;
    w->escape = true;
    return expand(w, &w->entry->line);
}

struct hg_slice hg_log_write(const struct hg_log_format *format, const struct hg_event *e, char *out)
{
    const struct hg_log_entry *entry = entry_of(format, e->id);
    struct writer w = {.format = format, .entry = entry, .e = e};
    if (entry == NULL)
        return format != NULL && format->others_off ? hg_slice(NULL, 0)
                                                    : own_line(e, hg_event_row(e->id)->name, out);
    if (entry->off)
        return hg_slice(NULL, 0);
    if (entry->is_line)
        return text_line(&w, out);
    /* Renamed or with another level, but with our own fields. */
    return entry->fields > 0 ? json_line(&w, out) : own_line(e, event_name(entry, e), out);
}
