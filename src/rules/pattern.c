/* SPDX-License-Identifier: MIT
 *
 * The only file that knows PCRE2. It turns "no match", "match" and "could not
 * tell" into three different answers: a drop rule that takes an error for a no
 * would let a credential through.
 */
#include <stdio.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* JIT code reads whole vectors, past the end of what it compares: harmless, but valgrind cannot know. */
#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef RUNNING_ON_VALGRIND
#define RUNNING_ON_VALGRIND 0
#endif

#include "base/check.h"
#include "base/limits.h"
#include "cache.h"
#include "glob.h"
#include "rules/pattern.h"

#define PATTERN_MAX 65536u /* bytes of one regex */
#define JIT_STACK_START 32768u
#define JIT_STACK_MAX 524288u
#define FOLD_KEEP 4096u /* a larger buffer is given back after use */

struct hg_pattern {
    char *text;
    unsigned flags;
    struct hg_glob *glob; /* NULL: a regex */
    pcre2_code *code;
};

struct hg_scratch {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    struct hg_cache *cache;
    char *fold; /* the subject with '_' and '-' made alike */
    size_t cap;
};

struct hg_scratch *hg_scratch_new(void)
{
    struct hg_scratch *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return NULL;
    s->data = pcre2_match_data_create(HG_CAPTURES, NULL);
    s->context = pcre2_match_context_create(NULL);
    s->cache = hg_cache_new();
    if (s->data == NULL || s->context == NULL || s->cache == NULL) {
        hg_scratch_free(s);
        return NULL;
    }
    pcre2_set_match_limit(s->context, HG_LIMIT_PATTERN_MATCH);
    pcre2_set_depth_limit(s->context, HG_LIMIT_PATTERN_DEPTH);
    pcre2_set_heap_limit(s->context, HG_LIMIT_PATTERN_HEAP_KIB);
    /* NULL where PCRE2 was built without JIT; matching then goes without. */
    s->stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL);
    if (s->stack != NULL)
        pcre2_jit_stack_assign(s->context, NULL, s->stack);
    return s;
}

void hg_scratch_free(struct hg_scratch *s)
{
    if (s == NULL)
        return;
    pcre2_match_data_free(s->data);
    pcre2_match_context_free(s->context);
    pcre2_jit_stack_free(s->stack);
    hg_cache_free(s->cache);
    free(s->fold);
    free(s);
}

struct hg_cache *hg_scratch_cache(struct hg_scratch *s)
{
    HG_ASSERT(s != NULL && s->cache != NULL);
    return s->cache;
}

static void say(struct hg_pattern_problem *problem, const char *text, size_t offset)
{
    snprintf(problem->text, sizeof(problem->text), "%s", text);
    problem->offset = offset;
}

static pcre2_code *compile(struct hg_slice regex, unsigned flags, struct hg_pattern_problem *problem)
{
    uint32_t options = PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP;
    pcre2_compile_context *context;
    pcre2_code *code;
    PCRE2_SIZE offset = 0;
    int error = 0;

    if (flags & HG_PATTERN_CASELESS)
        options |= PCRE2_CASELESS;
    context = pcre2_compile_context_create(NULL);
    if (context == NULL) {
        say(problem, "no memory", 0);
        return NULL;
    }
    pcre2_set_max_pattern_length(context, PATTERN_MAX);
    code = pcre2_compile((PCRE2_SPTR)regex.p, regex.n, options, &error, &offset, context);
    pcre2_compile_context_free(context);
    if (code == NULL) {
        PCRE2_UCHAR message[160] = "";

        pcre2_get_error_message(error, message, sizeof(message));
        say(problem, (const char *)message, offset + 1); /* the '~' */
        return NULL;
    }
    /* Without JIT (no executable memory, say) the interpreter does the same under the same limits. */
    if (!RUNNING_ON_VALGRIND)
        (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    return code;
}

struct hg_pattern *hg_pattern_new(struct hg_slice text, unsigned flags, struct hg_pattern_problem *problem)
{
    struct hg_pattern *p = calloc(1, sizeof(*p));

    if (p != NULL)
        p->text = hg_slice_dup(text);
    if (p == NULL || p->text == NULL) {
        say(problem, "no memory", 0);
        goto fail;
    }
    p->flags = flags;
    if (text.n == 0 || text.p[0] != '~') {
        p->glob = hg_glob_new(text, flags);
        if (p->glob == NULL) {
            say(problem, "no memory", 0);
            goto fail;
        }
        return p;
    }
    if (text.n == 1) {
        say(problem, "the regex behind ~ is empty and would match everything", 0);
        goto fail;
    }
    p->code = compile(hg_slice(p->text + 1, text.n - 1), flags, problem);
    if (p->code == NULL)
        goto fail;
    return p;
fail:
    hg_pattern_free(p);
    return NULL;
}

void hg_pattern_free(struct hg_pattern *p)
{
    if (p == NULL)
        return;
    hg_glob_free(p->glob);
    pcre2_code_free(p->code);
    free(p->text);
    free(p);
}

static enum hg_match search(const struct hg_pattern *p, struct hg_scratch *s, struct hg_slice subject)
{
    int rc =
        pcre2_match(p->code, (PCRE2_SPTR)(subject.p ? subject.p : ""), subject.n, 0, 0, s->data, s->context);

    if (rc == PCRE2_ERROR_NOMATCH)
        return HG_MATCH_NO;
    return rc < 0 ? HG_MATCH_ERROR : HG_MATCH_YES;
}

static bool has(struct hg_slice s, char c)
{
    return s.n > 0 && memchr(s.p, c, s.n) != NULL;
}

static enum hg_match search_replaced(const struct hg_pattern *p, struct hg_scratch *s,
                                     struct hg_slice subject, char from, char to)
{
    enum hg_match m;

    if (!has(subject, from))
        return HG_MATCH_NO;
    if (subject.n > s->cap) {
        char *bigger = realloc(s->fold, subject.n);

        if (bigger == NULL)
            return HG_MATCH_ERROR;
        s->fold = bigger;
        s->cap = subject.n;
    }
    for (size_t i = 0; i < subject.n; i++)
        s->fold[i] = subject.p[i] == from ? to : subject.p[i];
    m = search(p, s, hg_slice(s->fold, subject.n));
    if (s->cap > FOLD_KEEP) {
        free(s->fold);
        s->fold = NULL;
        s->cap = 0;
    }
    return m;
}

/* A regex cannot be told that '_' equals '-', so it is asked about the name as it is and about both uniform
 * spellings. */
static enum hg_match search_aliases(const struct hg_pattern *p, struct hg_scratch *s, struct hg_slice subject)
{
    enum hg_match m = search(p, s, subject);

    if (!(p->flags & HG_PATTERN_ALIASES))
        return m;
    if (m == HG_MATCH_NO)
        m = search_replaced(p, s, subject, '_', '-');
    if (m == HG_MATCH_NO)
        m = search_replaced(p, s, subject, '-', '_');
    return m;
}

static void read_captures(const struct hg_pattern *p, struct hg_scratch *s, struct hg_slice subject,
                          struct hg_captures *captures)
{
    const PCRE2_SIZE *pair = pcre2_get_ovector_pointer(s->data);
    size_t groups = hg_pattern_groups(p) + 1;

    captures->n = groups < HG_CAPTURES ? groups : HG_CAPTURES;
    for (size_t i = 0; i < captures->n; i++) {
        PCRE2_SIZE from = pair[2 * i], to = pair[2 * i + 1];

        if (from != PCRE2_UNSET && from <= to && to <= subject.n)
            captures->group[i] = hg_slice(subject.p ? subject.p + from : "", to - from);
    }
}

enum hg_match hg_pattern_match(const struct hg_pattern *p, struct hg_scratch *scratch,
                               struct hg_slice subject, struct hg_captures *captures)
{
    enum hg_match m;

    HG_ASSERT(p != NULL && scratch != NULL);
    HG_ASSERT((p->glob != NULL) != (p->code != NULL));
    if (captures != NULL)
        memset(captures, 0, sizeof(*captures));
    if (p->glob != NULL) {
        if (!hg_glob_match(p->glob, subject))
            return HG_MATCH_NO;
        if (captures != NULL) {
            captures->n = 1;
            captures->group[0] = subject;
        }
        return HG_MATCH_YES;
    }
    m = search_aliases(p, scratch, subject);
    if (m == HG_MATCH_YES && captures != NULL)
        read_captures(p, scratch, subject, captures);
    return m;
}

unsigned hg_pattern_groups(const struct hg_pattern *p)
{
    uint32_t groups = 0;

    if (p->code == NULL)
        return 0;
    HG_ASSERT(pcre2_pattern_info(p->code, PCRE2_INFO_CAPTURECOUNT, &groups) == 0);
    return groups;
}

bool hg_pattern_is_exact(const struct hg_pattern *p, struct hg_slice *text)
{
    return p->glob != NULL && hg_glob_is_exact(p->glob, text);
}

const char *hg_pattern_text(const struct hg_pattern *p)
{
    return p->text;
}

static bool needs_quote(char c, bool regex)
{
    if (!regex)
        return c == '*' || c == '~' || c == '\\';
    return !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '_' &&
           (unsigned char)c < 0x80;
}

char *hg_pattern_quote(struct hg_slice value, bool regex)
{
    char *out = value.n < SIZE_MAX / 2 ? malloc(value.n * 2 + 1) : NULL;
    size_t n = 0;

    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < value.n; i++) {
        if (needs_quote(value.p[i], regex))
            out[n++] = '\\';
        out[n++] = value.p[i];
    }
    out[n] = '\0';
    return out;
}
