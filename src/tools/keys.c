/* SPDX-License-Identifier: MIT
 *
 * Prints the schema table, and the vocabulary of the log. The tables say it all;
 * here is only their form.
 */
#include "tools/keys.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/event.h"
#include "base/json.h"

#define ROOM 4096 /* JSON of one key */

/* How the list calls a block: "file" has no name, "request list" is request, "bind tls" is bind.tls. */
static void block_name(enum hg_schema_scope scope, char *out, size_t cap)
{
    const char *name = hg_schema_scope_name(scope);
    size_t n = strlen(name), cut = strlen(" list");

    HG_ASSERT(cap > 0);
    if (scope == HG_SCOPE_ROOT)
        n = 0;
    else if (n > cut && strcmp(name + n - cut, " list") == 0)
        n -= cut;
    (void)snprintf(out, cap, "%.*s", (int)n, name);
    for (char *p = strchr(out, ' '); p != NULL; p = strchr(p, ' '))
        *p = '.';
}

void hg_key_name(const struct hg_schema_key *key, char *out, size_t cap)
{
    char block[64];

    HG_ASSERT(key != NULL && key->scope != HG_SCOPE_NONE);
    block_name(key->scope, block, sizeof(block));
    (void)snprintf(out, cap, "%s%s%s", block, block[0] != '\0' ? "." : "", key->key);
}

/* A block means its keys and those of the groups whose names begin with its own. */
static bool is_meant(const struct hg_schema_key *key, const char *name)
{
    char full[96];
    size_t n;

    HG_ASSERT(name != NULL);
    n = strlen(name);
    hg_key_name(key, full, sizeof(full));
    return strcmp(key->key, name) == 0 ||
           (strncmp(full, name, n) == 0 && (full[n] == '\0' || full[n] == '.'));
}

static bool is_meant_by_any(const struct hg_schema_key *key, const char *const *name, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_meant(key, name[i]))
            return true;
    return n == 0;
}

static const char *first_unknown(const char *const *name, size_t n)
{
    size_t total;
    const struct hg_schema_key *key = hg_schema_keys(&total);

    for (size_t i = 0; i < n; i++) {
        bool found = false;

        for (size_t k = 0; k < total && !found; k++)
            found = is_meant(&key[k], name[i]);
        if (!found)
            return name[i];
    }
    return NULL;
}

static const char *unit(enum hg_schema_kind kind)
{
    if (kind == HG_KIND_DURATION)
        return "ms";
    return kind == HG_KIND_SIZE || kind == HG_KIND_SIZE_OR_NONE ? "bytes" : NULL;
}

/* "a|b|c" with another separator. */
static bool write_words(const char *words, const char *between, struct hg_buf *out)
{
    bool good = true;

    for (const char *p = words; good && *p != '\0'; p++)
        good = *p == '|' ? hg_buf_append(out, hg_slice_str(between)) : hg_buf_append(out, hg_slice(p, 1));
    return good;
}

static bool write_text(const struct hg_schema_key *key, struct hg_buf *out)
{
    char name[96], expected[400];
    bool good;

    hg_key_name(key, name, sizeof(name));
    hg_schema_expected(key, expected, sizeof(expected));
    good = hg_buf_printf(out, "%s\n    %s\n    %s", name, key->about, expected);
    if (good && key->words != NULL)
        good = hg_buf_append(out, HG_LIT(": ")) && write_words(key->words, ", ", out);
    if (good && key->most > 0)
        good =
            hg_buf_printf(out, ", %" PRIu64 " to %" PRIu64 "%s%s", key->least, key->most,
                          unit(key->kind) != NULL ? " " : "", unit(key->kind) != NULL ? unit(key->kind) : "");
    if (good && key->standard != NULL)
        good = hg_buf_printf(out, "; default %s", key->standard);
    return good && hg_buf_append(out, HG_LIT("\n"));
}

static void put_forms(const struct hg_schema_key *key, struct hg_json *j)
{
    static const struct {
        unsigned form;
        const char *name;
    } forms[] = {{HG_FORM_ONE, "one"},
                 {HG_FORM_LIST, "list"},
                 {HG_FORM_GROUP, "group"},
                 {HG_FORM_GROUPS, "list of groups"},
                 {HG_FORM_NAMED, "named groups"},
                 {HG_FORM_NAMED_LISTS, "named lists of groups"},
                 {HG_FORM_PAIR, "pair"},
                 {HG_FORM_PAIRS, "list of pairs"},
                 {HG_FORM_PAIR_MAP, "group of values"},
                 {HG_FORM_TRIPLE, "triple"}};

    unsigned known = 0;

    hg_json_open_list(j, "forms");
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if ((key->forms & forms[i].form) != 0) {
            hg_json_str(j, NULL, hg_slice_str(forms[i].name));
            known |= forms[i].form;
        }
    HG_ASSERT((key->forms & ~known) == 0);
    hg_json_close(j);
}

static void put_words(const char *words, struct hg_json *j)
{
    hg_json_open_list(j, "words");
    for (const char *p = words; p != NULL; p = strchr(p, '|') != NULL ? strchr(p, '|') + 1 : NULL)
        hg_json_str(j, NULL, hg_slice(p, strcspn(p, "|")));
    hg_json_close(j);
}

/* SIZE_OR_NONE is "size-or-none". */
static void put_kind(enum hg_schema_kind kind, struct hg_json *j)
{
    static const char *const ids[] = {
#define X(id, expected) #id,
        HG_SCHEMA_KINDS(X)
#undef X
    };
    char name[32];

    HG_ASSERT((size_t)kind < sizeof(ids) / sizeof(ids[0]));
    (void)snprintf(name, sizeof(name), "%s", ids[kind]);
    for (char *p = name; *p != '\0'; p++)
        *p = *p == '_' ? '-' : (char)tolower((unsigned char)*p);
    hg_json_str(j, "kind", hg_slice_str(name));
}

static bool write_json(const struct hg_schema_key *key, struct hg_buf *out)
{
    char text[ROOM], name[96];
    struct hg_json j;
    struct hg_slice object;

    hg_json_begin(&j, text, sizeof(text));
    hg_key_name(key, name, sizeof(name));
    hg_json_str(&j, "name", hg_slice_str(name));
    block_name(key->scope, name, sizeof(name));
    hg_json_str(&j, "block", hg_slice_str(name));
    hg_json_str(&j, "key", hg_slice_str(key->key));
    if (key->kind != HG_KIND_NOTHING)
        put_kind(key->kind, &j);
    put_forms(key, &j);
    if (key->words != NULL)
        put_words(key->words, &j);
    if (key->most > 0) {
        hg_json_u64(&j, "least", key->least);
        hg_json_u64(&j, "most", key->most);
    }
    if (unit(key->kind) != NULL)
        hg_json_str(&j, "unit", hg_slice_str(unit(key->kind)));
    if (key->standard != NULL)
        hg_json_str(&j, "default", hg_slice_str(key->standard));
    if (key->sub != HG_SCOPE_NONE) {
        block_name(key->sub, name, sizeof(name));
        hg_json_str(&j, "holds", hg_slice_str(name));
    }
    hg_json_bool(&j, "action", (key->flags & HG_SCHEMA_ACTION) != 0);
    hg_json_str(&j, "about", hg_slice_str(key->about));
    object = hg_json_end(&j);
    HG_ASSERT(!j.truncated);
    return hg_buf_append(out, object);
}

/* ---- the vocabulary of the log ---- */

/* As a config writes it. */
static void put_event_name(struct hg_json *j, const char *key, const char *name)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "%s", name);
    for (char *p = strchr(text, '_'); p != NULL; p = strchr(p, '_'))
        *p = '-';
    hg_json_str(j, key, hg_slice_str(text));
}

static void put_about(struct hg_json *j, enum hg_event_about about)
{
    hg_json_str(j, "of",
                about == HG_ABOUT_REQUEST   ? HG_LIT("request")
                : about == HG_ABOUT_PROCESS ? HG_LIT("process")
                                            : HG_LIT("any"));
}

static bool write_event(enum hg_event_id id, struct hg_buf *out)
{
    const struct hg_event_row *row = hg_event_row(id);
    char text[ROOM];
    struct hg_json j;

    hg_json_begin(&j, text, sizeof(text));
    put_event_name(&j, "event", row->name);
    put_about(&j, row->about);
    put_event_name(&j, "otherwise",
                   row->otherwise == HG_EVENT_ITSELF    ? "itself"
                   : row->otherwise == HG_EVENT_NOTHING ? "nothing"
                                                        : hg_event_row(row->otherwise)->name);
    hg_json_str(&j, "when", hg_slice_str(row->when));
    return hg_buf_append(out, hg_json_end(&j));
}

static bool write_value(enum hg_event_value id, struct hg_buf *out)
{
    const struct hg_value_row *row = hg_value_row(id);
    bool number = row->kind == HG_VALUE_NUMBER || row->kind == HG_VALUE_MS;
    char text[ROOM];
    struct hg_json j;

    hg_json_begin(&j, text, sizeof(text));
    hg_json_str(&j, "variable", hg_slice_str(row->name));
    hg_json_str(&j, "type",
                number                        ? HG_LIT("number")
                : row->kind == HG_VALUE_TRUTH ? HG_LIT("boolean")
                                              : HG_LIT("string"));
    put_about(&j, row->about);
    hg_json_str(&j, "field", hg_slice_str(row->field));
    hg_json_str(&j, "what", hg_slice_str(row->what));
    return hg_buf_append(out, hg_json_end(&j));
}

static bool write_log(struct hg_buf *out)
{
    bool good = hg_buf_append(out, HG_LIT(",\"log\":{\"events\":["));

    for (size_t i = 0; good && i < HG_EVENT_COUNT; i++)
        good = (i == 0 || hg_buf_append(out, HG_LIT(",\n"))) && write_event((enum hg_event_id)i, out);
    good = good && hg_buf_append(out, HG_LIT("],\"values\":["));
    for (size_t i = 0; good && i < HG_EV_COUNT; i++)
        good = (i == 0 || hg_buf_append(out, HG_LIT(",\n"))) && write_value((enum hg_event_value)i, out);
    return good && hg_buf_append(out, HG_LIT("]}"));
}

bool hg_keys_write(const char *const *name, size_t n, bool json, struct hg_buf *out, const char **unknown)
{
    size_t total, written = 0;
    const struct hg_schema_key *key = hg_schema_keys(&total);
    bool good = true;

    HG_ASSERT(out != NULL && unknown != NULL);
    *unknown = first_unknown(name, n);
    if (*unknown != NULL)
        return true;
    if (json)
        good = hg_buf_append(out, HG_LIT("{\"version\":\"" HG_VERSION "\",\"keys\":["));
    for (size_t i = 0; good && i < total; i++) {
        if (!is_meant_by_any(&key[i], name, n))
            continue;
        HG_ASSERT(key[i].about != NULL);
        good = written++ == 0 || hg_buf_append(out, json ? HG_LIT(",\n") : HG_LIT(""));
        good = good && (json ? write_json(&key[i], out) : write_text(&key[i], out));
    }
    good = good && (!json || hg_buf_append(out, HG_LIT("]")));
    good = good && (!json || n > 0 || write_log(out)); /* who asks for some keys gets these */
    return good && (!json || hg_buf_append(out, HG_LIT("}\n")));
}
