/* SPDX-License-Identifier: MIT
 *
 * The model of a request: from its body, its query, its path. Which of several
 * places the upstream will heed is not known here, so each has to be all right.
 */
#include "guard_model.h"

#include "base/check.h"
#include "http/target.h"

struct hg_model_reader *hg_route_guard_reader(const struct hg_route *r, struct hg_budget *budget)
{
    const struct hg_headers *h = &r->request->headers;
    const struct hg_header *type = hg_headers_find(h, HG_LIT("Content-Type"));
    const struct hg_header *coding = hg_headers_find(h, HG_LIT("Content-Encoding"));
    struct hg_model_head head = {.budget = budget};
    size_t types = 0, codings = 0;

    for (size_t i = 0; i < h->n; i++) {
        types += hg_slice_ieq(h->v[i].name, HG_LIT("Content-Type"));
        codings += hg_slice_ieq(h->v[i].name, HG_LIT("Content-Encoding"));
    }
    head.twice = types > 1 || codings > 1;
    if (type != NULL)
        head.content_type = type->value;
    if (coding != NULL)
        head.content_encoding = coding->value;
    return hg_model_reader_new(&head, hg_route_guard_buffer(r));
}

static void unclear(struct hg_model_reading *out, const char *why)
{
    *out = (struct hg_model_reading){.found = HG_MODEL_UNCLEAR, .why = why};
}

static void found(struct hg_model_reading *out, struct hg_slice model, const char *problem)
{
    *out = (struct hg_model_reading){.found = HG_MODEL_FOUND, .model = model};
    if (hg_model_name_problem(model) != NULL)
        unclear(out, problem);
}

/* The parameter, in whatever case and escapes its name is written. */
static void from_query(const struct hg_route *r, struct hg_slice name, struct hg_model_reading *out)
{
    struct hg_slice rest = r->request->query, key, value, whole;
    size_t times = 0;

    *out = (struct hg_model_reading){.found = HG_MODEL_NONE, .why = "its query does not name one"};
    while (rest.p != NULL && hg_query_next(&rest, &key, &value, &whole)) {
        key = hg_query_decode(r->arena, key);
        if (key.p == NULL) {
            unclear(out, "there is no memory to read its query");
            return;
        }
        if (!hg_slice_ieq(key, name))
            continue;
        if (++times > 1) {
            unclear(out, "its query names more than one");
            return;
        }
        value = hg_query_decode(r->arena, value.p != NULL ? value : HG_LIT(""));
        found(out, value, "its query names none that could be one");
    }
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = hg_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A part of a path: '+' is itself, and an escape that is none is no name. .p NULL: malformed, or no memory.
 */
static struct hg_slice path_decode(struct hg_arena *arena, struct hg_slice raw)
{
    char *out = hg_arena_alloc(arena, raw.n > 0 ? raw.n : 1);
    size_t n = 0;

    for (size_t i = 0; out != NULL && i < raw.n; i++) {
        if (raw.p[i] != '%') {
            out[n++] = raw.p[i];
            continue;
        }
        if (raw.n - i < 3 || hex(raw.p[i + 1]) < 0 || hex(raw.p[i + 2]) < 0)
            return hg_slice(NULL, 0);
        out[n++] = (char)(hex(raw.p[i + 1]) * 16 + hex(raw.p[i + 2]));
        i += 2;
    }
    return hg_slice(out, n);
}

static void from_path(const struct hg_route *r, const struct hg_pattern *pattern,
                      struct hg_model_reading *out)
{
    struct hg_captures captures = {0};
    struct hg_slice model;

    switch (hg_pattern_match(pattern, r->scratch, r->request->path, &captures)) {
    case HG_MATCH_NO:
        *out = (struct hg_model_reading){.found = HG_MODEL_NONE, .why = "its path does not name one"};
        return;
    case HG_MATCH_ERROR:
        unclear(out, "its path reached the limit of a pattern");
        return;
    case HG_MATCH_YES:
        break;
    }
    model = captures.n > 1 && captures.group[1].p != NULL ? captures.group[1] : HG_LIT("");
    model = path_decode(r->arena, model);
    if (model.p == NULL)
        unclear(out, "its path has a bad escape");
    else
        found(out, model, "its path names none that could be one");
}

/* What a WebSocket's messages will name is not known when it begins, whatever its query says. */
static void from_body(const struct hg_route *r, const struct hg_model_reading *body,
                      struct hg_model_reading *out)
{
    if (r->hop != NULL && r->hop->upgrade_websocket)
        unclear(out, "the messages of a WebSocket may name another");
    else if (body != NULL)
        *out = *body;
    else
        *out = (struct hg_model_reading){.found = HG_MODEL_NONE, .why = "it has no body"};
}

void hg_guard_judge(const struct hg_route *r, const struct hg_guard *g, const struct hg_model_reading *body,
                    struct hg_model_judged *out)
{
    struct hg_model_judged unknown = {.verdict = HG_MODEL_UNKNOWN};
    bool named = false, blurred = false, unseen = false;

    *out = (struct hg_model_judged){.verdict = HG_MODEL_ALLOWED};
    for (size_t i = 0; i < g->froms; i++) {
        const struct hg_model_from *from = &g->from[i];
        struct hg_model_reading reading;
        enum hg_model_verdict verdict;

        if (from->kind == HG_MODEL_FROM_BODY)
            from_body(r, body, &reading);
        else if (from->kind == HG_MODEL_FROM_QUERY)
            from_query(r, from->name, &reading);
        else
            from_path(r, from->pattern, &reading);
        unseen = unseen || reading.found == HG_MODEL_UNSEEN;
        blurred = blurred || reading.found == HG_MODEL_UNCLEAR;
        if (reading.found == HG_MODEL_UNCLEAR || unknown.why == NULL)
            unknown.why = reading.why;
        if (reading.found != HG_MODEL_FOUND)
            continue;
        named = true;
        verdict = hg_models_judge(g->allow, g->deny, r->scratch, reading.model);
        if (out->verdict == HG_MODEL_ALLOWED)
            *out = (struct hg_model_judged){.verdict = verdict, .model = reading.model};
    }
    if (out->verdict == HG_MODEL_ALLOWED && unseen && !blurred)
        out->model = hg_slice(NULL, 0);
    else if (out->verdict == HG_MODEL_ALLOWED && (blurred || !named))
        *out = unknown;
}
