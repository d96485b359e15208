/* SPDX-License-Identifier: MIT
 *
 * Fixtures: what goes in and what must come out, written down in lines that can
 * be read at a glance (doc/fixtures.md). Reading them and holding a plan against
 * them; both without files and without a network.
 */
#ifndef HG_TOOLS_FIXTURE_H
#define HG_TOOLS_FIXTURE_H

#include "base/buf.h"
#include "config/diag.h"
#include "tools/trial.h"

enum hg_expect_kind {
    HG_EXPECT_TARGET,  /* METHOD URL: name, value */
    HG_EXPECT_STATUS,  /* status and, in value, the word behind it (.p NULL: any) */
    HG_EXPECT_FIELD,   /* Name: value */
    HG_EXPECT_MATCH,   /* Name ~ regex */
    HG_EXPECT_ABSENT,  /* !pattern: no field of such a name */
    HG_EXPECT_TEXT,    /* "value" is somewhere in the message */
    HG_EXPECT_NO_TEXT, /* !"value": nowhere */
    HG_EXPECT_ONLY,    /* no fields but those expected */
    HG_EXPECT_BACKEND, /* the backend's name */
    HG_EXPECT_VIA,     /* the proxy's name, or "direct" */
    HG_EXPECT_USAGE,   /* hg_trial_usage */
};

struct hg_expect {
    enum hg_expect_kind kind;
    bool leaving; /* of the request that leaves (>>), not of what the client gets (<) */
    unsigned line;
    unsigned status;
    struct hg_slice written, name, value;
    struct hg_pattern *pattern; /* MATCH, ABSENT */
};

/* NAME=value lines. */
struct hg_fixture_set {
    const struct hg_pair *v;
    size_t n;
};

struct hg_fixture {
    const char *name;
    unsigned line;
    const char
        *config; /* its own config lines, each on the line where it stands in the fixture file; NULL: none */
    struct hg_fixture_set env, secret;
    struct hg_trial_ask ask;
    bool answers; /* there is an answer of the server */
    unsigned status;
    struct hg_fixture_set answer;
    struct hg_slice body; /* of it; .p NULL: none */
    const struct hg_expect *expect;
    size_t expects;
};

struct hg_fixtures;

/* file is the name in diagnostics, copied. Everything that is wrong goes to d; what is good is kept. NULL
 * without memory. */
struct hg_fixtures *hg_fixtures_read(struct hg_slice text, const char *file, struct hg_diag *d);
void hg_fixtures_free(struct hg_fixtures *f);
size_t hg_fixtures_count(const struct hg_fixtures *f);
const struct hg_fixture *hg_fixtures_get(const struct hg_fixtures *f, size_t i);

/* What the plan of a fixture is built with: the variables it sets and no others. */
struct hg_environment hg_fixture_environment(const struct hg_fixture *f);

/* Gives the plan's secrets the fixture's values; a file or a command that it does not name gives
 * "$<secret:NAME>". False: *why says what is wrong with a secret line. */
bool hg_fixture_secrets(const struct hg_fixture *f, const struct hg_plan *plan, char *why, size_t cap);

/* Runs one. False: it failed, and out holds the lines that say how ("-" what was expected, "+" what there
 * is). */
bool hg_fixture_check(const struct hg_fixture *f, const struct hg_plan *plan, struct hg_buf *out);

#endif
