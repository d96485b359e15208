/* SPDX-License-Identifier: MIT
 *
 * Figures of frontends. A thread's are a block of their own cache lines.
 */
#include "observe/traffic.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "word.h"

#define CACHE_LINE 64u

struct hg_traffic {
    atomic_uint refs;
    char *name;
    size_t threads;
    struct hg_tallies refused[HG_REFUSERS];
    struct cell {
        _Alignas(CACHE_LINE) struct hg_traffic_numbers n;
    } * cell;
};

_Static_assert(sizeof(struct hg_traffic_numbers) % sizeof(uint64_t) == 0, "words only");

#define X(id, label) label,
static const char *const methods[] = {HG_TRAFFIC_METHODS(X)};
static const char *const token_words[] = {HG_TOKENS(X)};
#undef X

const char *hg_traffic_method(size_t i)
{
    HG_ASSERT(i < HG_TRAFFIC_METHOD_COUNT);
    return methods[i];
}

const char *hg_tokens_word(enum hg_tokens kind)
{
    HG_ASSERT((size_t)kind < HG_TOKENS_COUNT);
    return token_words[kind];
}

static size_t fold(enum hg_method m)
{
    static const unsigned char folded[] = {
#define X(id, label) [HG_METHOD_##id] = HG_TRAFFIC_##id + 1,
        HG_TRAFFIC_METHODS(X)
#undef X
    };

    return (size_t)m < sizeof(folded) && folded[m] > 0 ? folded[m] - 1u : HG_TRAFFIC_OTHER;
}

static void traffic_unref(struct hg_traffic *t)
{
    if (t == NULL || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < HG_REFUSERS; i++)
        hg_tallies_free(&t->refused[i]);
    free(t->name);
    free(t->cell);
    free(t);
}

static struct hg_traffic *traffic_new(const char *name, size_t threads)
{
    struct hg_traffic *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return NULL;
    atomic_init(&t->refs, 1);
    t->threads = threads;
    t->name = strdup(name);
    t->cell = aligned_alloc(CACHE_LINE, threads * sizeof(*t->cell));
    if (t->name == NULL || t->cell == NULL) {
        traffic_unref(t);
        return NULL;
    }
    memset(t->cell, 0, threads * sizeof(*t->cell));
    return t;
}

static struct hg_traffic *adopt(const struct hg_traffics *previous, const char *name)
{
    for (size_t i = 0; previous != NULL && i < previous->n; i++) {
        struct hg_traffic *t = previous->frontend[i];

        if (strcmp(t->name, name) != 0)
            continue;
        atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
        return t;
    }
    return NULL;
}

bool hg_traffics_init(struct hg_traffics *t, const struct hg_plan *plan, const struct hg_traffics *previous)
{
    /* The number of threads does not change while the process runs, whatever a later plan says. */
    size_t threads =
        previous != NULL && previous->n > 0 ? previous->frontend[0]->threads : plan->global.threads;

    HG_ASSERT(threads > 0);
    *t = (struct hg_traffics){.frontend = calloc(plan->frontends + 1, sizeof(struct hg_traffic *))};
    for (size_t i = 0; t->frontend != NULL && i < plan->frontends; i++) {
        const char *name = plan->frontend[i].name;
        struct hg_traffic *one = adopt(previous, name);

        one = one != NULL ? one : traffic_new(name, threads);
        if (one == NULL) {
            hg_traffics_free(t);
            return false;
        }
        t->frontend[t->n++] = one;
    }
    return t->frontend != NULL;
}

void hg_traffics_free(struct hg_traffics *t)
{
    for (size_t i = 0; i < t->n; i++)
        traffic_unref(t->frontend[i]);
    free(t->frontend);
    *t = (struct hg_traffics){0};
}

static struct hg_traffic_numbers *own(struct hg_traffic *t, size_t thread)
{
    HG_ASSERT(thread < t->threads);
    return &t->cell[thread].n;
}

void hg_traffic_begin(struct hg_traffic *t, size_t thread)
{
    hg_word_add(&own(t, thread)->active, 1);
}

/* Requests that a check of ours sent away at once would only hide how long the others take. */
static bool let_in(enum hg_close c)
{
    return c != HG_CLOSE_REFUSED && c != HG_CLOSE_NOT_CONFIGURED && c != HG_CLOSE_CLIENT_TIMEOUT &&
           c != HG_CLOSE_LIMITED;
}

/* Was refused by a limit, or the upstream broke its answer off. */
static bool unanswered(enum hg_close c)
{
    return c == HG_CLOSE_LIMITED || c == HG_CLOSE_UPSTREAM_RESET || c == HG_CLOSE_UPSTREAM_BAD ||
           c == HG_CLOSE_UPSTREAM_IDLE;
}

void hg_traffic_end(struct hg_traffic *t, size_t thread, enum hg_method method, const struct hg_access *a)
{
    struct hg_traffic_numbers *n = own(t, thread);
    size_t m = fold(method), code = a->status / 100 < HG_TRAFFIC_CODES ? a->status / 100 : 0;

    hg_word_add(&n->active, UINT64_MAX); /* one less */
    hg_word_add(&n->requests[m][code], 1);
    if (unanswered(a->close))
        hg_word_add(&n->unanswered[m][code], 1);
    hg_word_add(&n->closes[a->close], 1);
    hg_word_add(&n->bytes_in, a->bytes_in);
    hg_word_add(&n->bytes_out, a->bytes_out);
    if (let_in(a->close))
        hg_histogram_add(&n->duration, a->total_us);
    if (a->first_byte_us != 0)
        hg_histogram_add(&n->first_byte, a->first_byte_us);
    if (a->connect_us != 0)
        hg_histogram_add(&n->connect, a->connect_us);
    if (a->queue_us != 0)
        hg_histogram_add(&n->queue, a->queue_us);
}

void hg_traffic_served(struct hg_traffic *t, size_t thread, enum hg_serve_what what)
{
    struct hg_traffic_numbers *n = own(t, thread);

    HG_ASSERT((size_t)what < HG_SERVE_WHATS);
    hg_word_add(&n->active, UINT64_MAX);
    hg_word_add(&n->served[what], 1);
}

void hg_traffic_tokens(struct hg_traffic *t, size_t thread, enum hg_tokens kind, uint64_t count)
{
    HG_ASSERT((size_t)kind < HG_TOKENS_COUNT);
    hg_word_add(&own(t, thread)->tokens[kind], count);
}

void hg_traffic_refused(struct hg_traffic *t, enum hg_refuser by, const char *name)
{
    HG_ASSERT((size_t)by < HG_REFUSERS);
    hg_tally_add(&t->refused[by], name);
}

const struct hg_tallies *hg_traffic_refusals(const struct hg_traffic *t, enum hg_refuser by)
{
    HG_ASSERT((size_t)by < HG_REFUSERS);
    return &t->refused[by];
}

void hg_traffic_sum(const struct hg_traffic *t, struct hg_traffic_numbers *sum)
{
    uint64_t *to = (uint64_t *)sum;

    for (size_t i = 0; i < t->threads; i++) {
        const uint64_t *from = (const uint64_t *)&t->cell[i].n;

        for (size_t k = 0; k < sizeof(*sum) / sizeof(uint64_t); k++)
            to[k] += hg_word_get(&from[k]);
    }
}

uint64_t hg_traffic_answered(const struct hg_traffic_numbers *n)
{
    uint64_t sum = 0;

    for (size_t m = 0; m < HG_TRAFFIC_METHOD_COUNT; m++)
        for (size_t c = 1; c < HG_TRAFFIC_CODES; c++)
            sum += n->requests[m][c] - n->unanswered[m][c];
    return sum;
}

uint64_t hg_traffic_errors(const struct hg_traffic_numbers *n)
{
    uint64_t sum = 0;

#define X(id, word, severity) sum += (severity) == 2 ? n->closes[HG_CLOSE_##id] : 0;
    HG_CLOSES(X)
#undef X
    return sum;
}
