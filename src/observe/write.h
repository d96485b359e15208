/* SPDX-License-Identifier: MIT
 *
 * Private to the observe room: what the documents share.
 *
 *   document.c    which one, by what the client accepts    health.c   health, both forms
 *   prometheus.c  metrics as Prometheus' text: process     awf.c      metrics as AWF's JSON
 *   families.c    and frontends, servers, secrets          reflect.c  reflect
 *   guards.c      and guards                               facts.c    what several of them ask
 */
#ifndef HG_OBSERVE_WRITE_H
#define HG_OBSERVE_WRITE_H

#include "base/json.h"
#include "observe/document.h"
#include "plan/guard.h"

/* The i-th frontend that the document tells of; NULL behind the last. */
const struct hg_frontend *hg_facts_frontend(const struct hg_facts *f, const struct hg_serve *s, size_t i);
static inline bool hg_facts_configured(const struct hg_frontend *f)
{
    return f->missing.what == NULL;
}
/* Zeroed where nothing was counted. */
void hg_facts_traffic(const struct hg_facts *f, const struct hg_frontend *one,
                      struct hg_traffic_numbers *out);
/* NULL where nothing was counted. */
const struct hg_tallies *hg_facts_refusals(const struct hg_facts *f, const struct hg_frontend *one,
                                           enum hg_refuser by);
void hg_facts_server(const struct hg_facts *f, const struct hg_server *s, struct hg_server_facts *out);
uint16_t hg_facts_port(const struct hg_facts *f, const struct hg_frontend *one);
/* The i-th backend that its requests may go to, each once, in no order; NULL behind the last. */
const struct hg_backend *hg_facts_backend(const struct hg_frontend *one, size_t i);

/* How a guard stands; zeroed where nothing was counted. */
void hg_facts_guard(const struct hg_facts *f, const struct hg_guard *g, struct hg_guard_reading *out);
/* The guard of a kind that refuses requests; of several the one that has the least left. NULL: none does. */
const struct hg_guard *hg_facts_bound(const struct hg_facts *f, enum hg_guard_kind kind,
                                      struct hg_guard_reading *out);

/* Each fills the open object. Return the status. */
unsigned hg_health_write(const struct hg_serve *s, const struct hg_facts *f, struct hg_json *j);
void hg_reflect_write(const struct hg_serve *s, const struct hg_facts *f, struct hg_json *j);
void hg_awf_metrics_write(const struct hg_serve *s, const struct hg_facts *f, struct hg_json *j);
/* False: no room, or no memory. */
bool hg_prometheus_write(const struct hg_serve *s, const struct hg_facts *f, struct hg_buf *out);

/* A page of metrics while it is written. */
struct hg_page {
    const struct hg_facts *facts;
    const struct hg_frontend **frontend; /* that it tells of */
    struct hg_traffic_numbers *traffic;  /* theirs */
    size_t frontends;
    struct hg_buf *out;
    bool full; /* something did not fit */
};
/* Begins a family: name is without "hdrgate_", unless it begins with "process_". */
void hg_page_family(struct hg_page *p, const char *name, const char *type, const char *help);
/* A sample of it. labels: "" or `a="b",c="d"` with escaped values. */
void hg_page_sample(struct hg_page *p, const char *name, const char *labels, uint64_t value);
/* The same of millionths: of seconds, of tokens. */
void hg_page_millionths(struct hg_page *p, const char *name, const char *labels, uint64_t n);
/* A value of a label, escaped; cut to what fits into cap. */
const char *hg_page_escape(const char *text, char *out, size_t cap);
/* families.c */
void hg_page_frontends(struct hg_page *p);
void hg_page_servers(struct hg_page *p);
void hg_page_secrets(struct hg_page *p);
/* guards.c */
void hg_page_guards(struct hg_page *p);

#endif
