/* SPDX-License-Identifier: MIT
 *
 * A document that the gateway serves itself, as the config asks for it: what
 * the action `serve` has beside it. Made by the plan, immutable, shared by all
 * threads; strings live as long as the plan.
 */
#ifndef HG_RULES_SERVE_H
#define HG_RULES_SERVE_H

#include "base/slice.h"

/* id, word in the config (in the order of the schema's words) */
#define HG_SERVES(X)      \
    X(HEALTH, "health")   \
    X(METRICS, "metrics") \
    X(REFLECT, "reflect")

enum hg_serve_what {
#define X(id, word) HG_SERVE_##id,
    HG_SERVES(X)
#undef X
        HG_SERVE_WHATS
};
const char *hg_serve_word(enum hg_serve_what what);

/* In the order of the schema's words. */
enum hg_serve_form { HG_SERVE_STANDARD, HG_SERVE_AWF };

struct hg_serve {
    enum hg_serve_what what;
    enum hg_serve_form form;
    bool process;                /* health: of the whole process, not of the frontend that was asked */
    const char *service;         /* name of the service; NULL: the standard one */
    const char *proxy;           /* health of the process, AWF's form: text; NULL: "not configured" */
    const char *error;           /* health, AWF's form: text when not configured; NULL: what is missing */
    const char *base_url;        /* reflect: in front of ":port"; NULL: the host that the client asked */
    const char *const *frontend; /* names of those that are told of; n 0: all of the plan */
    size_t frontends;
    const struct hg_serve_url {
        const char *frontend, *url;
    } * models_url; /* reflect */
    size_t models_urls;
};

#endif
