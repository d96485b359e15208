/* SPDX-License-Identifier: MIT
 *
 * Metrics in Prometheus' text format (version 0.0.4): base units, counters that
 * end in _total, a family's samples together. What concerns the process.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "write.h"

__attribute__((format(printf, 2, 3))) static void put(struct hg_page *p, const char *fmt, ...)
{
    char line[2048];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof(line) || !hg_buf_append(p->out, hg_slice(line, (size_t)n)))
        p->full = true;
}

static const char *prefix(const char *name)
{
    return strncmp(name, "process_", 8) == 0 ? "" : "hdrgate_";
}

void hg_page_family(struct hg_page *p, const char *name, const char *type, const char *help)
{
    put(p, "# HELP %s%s %s.\n# TYPE %s%s %s\n", prefix(name), name, help, prefix(name), name, type);
}

void hg_page_sample(struct hg_page *p, const char *name, const char *labels, uint64_t value)
{
    bool any = labels[0] != '\0';

    put(p, "%s%s%s%s%s %llu\n", prefix(name), name, any ? "{" : "", labels, any ? "}" : "",
        (unsigned long long)value);
}

void hg_page_millionths(struct hg_page *p, const char *name, const char *labels, uint64_t n)
{
    bool any = labels[0] != '\0';

    put(p, "%s%s%s%s%s %llu.%06u\n", prefix(name), name, any ? "{" : "", labels, any ? "}" : "",
        (unsigned long long)(n / 1000000), (unsigned)(n % 1000000));
}

const char *hg_page_escape(const char *text, char *out, size_t cap)
{
    size_t n = 0;

    HG_ASSERT(cap > 2);
    for (const char *c = text; *c != '\0' && n + 3 < cap; c++) {
        if (*c == '\\' || *c == '"' || *c == '\n')
            out[n++] = '\\';
        out[n++] = *c == '\n' ? 'n' : *c;
    }
    out[n] = '\0';
    return out;
}

static void one(struct hg_page *p, const char *name, const char *type, const char *help, uint64_t value)
{
    hg_page_family(p, name, type, help);
    hg_page_sample(p, name, "", value);
}

static void seconds(struct hg_page *p, const char *name, const char *type, const char *help, uint64_t us)
{
    hg_page_family(p, name, type, help);
    hg_page_millionths(p, name, "", us);
}

static void put_counters(struct hg_page *p)
{
    struct hg_counts sum = {0};

    if (p->facts->stats != NULL)
        hg_stats_sum(p->facts->stats, &sum);
#define X(name, gauge, help) one(p, #name, (gauge) ? "gauge" : "counter", help, sum.name);
    HG_COUNTERS(X)
#undef X
}

static void put_reloads(struct hg_page *p)
{
    const struct hg_stats *s = p->facts->stats;

    one(p, "generation", "gauge", "Number of the configuration in force, from 1",
        atomic_load_explicit(&s->generation, memory_order_relaxed));
    hg_page_family(p, "reloads_total", "counter", "Reloads of the configuration, by how they ended");
    hg_page_sample(p, "reloads_total", "result=\"ok\"",
                   atomic_load_explicit(&s->reloads, memory_order_relaxed));
    hg_page_sample(p, "reloads_total", "result=\"failed\"",
                   atomic_load_explicit(&s->reload_failures, memory_order_relaxed));
    seconds(p, "last_reload_timestamp_seconds", "gauge",
            "When the configuration in force was loaded, seconds since 1970",
            atomic_load_explicit(&s->reloaded, memory_order_relaxed));
    one(p, "threads", "gauge", "Worker threads", s->threads);
    seconds(p, "process_start_time_seconds", "gauge", "Start of the process, seconds since 1970", s->started);
}

static void put_process(struct hg_page *p)
{
    const struct hg_facts *f = p->facts;

    hg_page_family(p, "build_info", "gauge", "Version of the program; the value is 1");
    hg_page_sample(p, "build_info", "version=\"" HG_VERSION "\"", 1);
    one(p, "draining", "gauge", "1 while the process is about to end and takes no new connections",
        f->draining ? 1 : 0);
    if (f->stats != NULL)
        put_reloads(p);
    if (f->log != NULL)
        one(p, "log_lines_lost_total", "counter", "Lines of the log that could not be written",
            hg_log_dropped(f->log));
    if (f->process.cpu_us != 0)
        seconds(p, "process_cpu_seconds_total", "counter", "CPU time used, user and system",
                f->process.cpu_us);
    if (f->process.resident != 0) {
        one(p, "process_resident_memory_bytes", "gauge", "Resident memory", f->process.resident);
        one(p, "process_virtual_memory_bytes", "gauge", "Virtual memory", f->process.virtual);
    }
    if (f->process.descriptors_max != 0)
        one(p, "process_max_fds", "gauge", "Most descriptors that may be open", f->process.descriptors_max);
}

static bool gather(struct hg_page *p, const struct hg_serve *s)
{
    const struct hg_facts *f = p->facts;
    const struct hg_frontend *next;
    size_t n = s->frontends > 0 ? s->frontends : f->plan->frontends;

    p->frontend = calloc(n + 1, sizeof(const struct hg_frontend *));
    p->traffic = calloc(n + 1, sizeof(*p->traffic));
    if (p->frontend == NULL || p->traffic == NULL)
        return false;
    while ((next = hg_facts_frontend(f, s, p->frontends)) != NULL) {
        hg_facts_traffic(f, next, &p->traffic[p->frontends]);
        p->frontend[p->frontends++] = next;
    }
    HG_ASSERT(p->frontends <= n);
    return true;
}

bool hg_prometheus_write(const struct hg_serve *s, const struct hg_facts *f, struct hg_buf *out)
{
    struct hg_page p = {.facts = f, .out = out};
    bool ok = gather(&p, s);

    if (ok) {
        put_process(&p);
        put_counters(&p);
        hg_page_frontends(&p);
        hg_page_servers(&p);
        hg_page_secrets(&p);
        hg_page_guards(&p);
    }
    free(p.frontend);
    free(p.traffic);
    return ok && !p.full;
}
