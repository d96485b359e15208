/* SPDX-License-Identifier: MIT
 *
 * The model of good files, diagnostics in order, and the schema table itself.
 */
#include "config/model.h"

#include <stdio.h>

#include "base/limits.h"
#include "config/schema.h"
#include "support/unit.h"

static struct hg_model *read_good(const char *text)
{
    struct hg_diag *d = hg_diag_new();
    struct hg_model *m = hg_model_read_string(text, "good.cfg", d);
    HG_CHECK_U64(hg_diag_errors(d), 0);
    hg_diag_free(d);
    return m;
}

HG_TEST(nodes_keep_values_and_places)
{
    struct hg_model *m =
        read_good("global: {\n threads = 3;\n log: { level = \"debug\"; };\n};\n"
                  "backend: { b: { server = ( { url = \"https://x\"; },\n { url = \"https://y\"; } );\n"
                  " plain-ok = true; }; };\n");
    const struct hg_node *root = hg_model_root(m);
    const struct hg_node *threads = hg_node_get(hg_node_get(root, "global"), "threads");
    HG_NEED(threads != NULL && threads->type == HG_NODE_INT);
    HG_CHECK_U64(threads->integer, 3);
    HG_CHECK_U64(threads->line, 2);
    HG_CHECK_STR(threads->file, "good.cfg");
    const struct hg_node *b = hg_node_get(hg_node_get(root, "backend"), "b");
    const struct hg_node *server = hg_node_get(b, "server");
    HG_NEED(server != NULL && server->children == 2);
    const struct hg_node *url = hg_node_get(server->child[1], "url");
    char path[100], cut[10];
    hg_node_path(url, path, sizeof(path));
    HG_CHECK_STR(path, "backend.b.server[1].url");
    hg_node_path(url, cut, sizeof(cut));
    HG_CHECK_STR(cut, "backend.b");
    HG_CHECK_U64(url->line, 6);
    HG_CHECK(hg_node_get(b, "plain-ok")->boolean);
    HG_CHECK(hg_node_get(root, "frontend") == NULL && hg_node_get(NULL, "x") == NULL);
    hg_model_free(m);
}

HG_TEST(defaults_cover_their_file)
{
    struct hg_model *m =
        read_good("defaults: { via = \"squid\"; }; backend: { b: { url = \"https://x\"; }; };");
    const struct hg_node *b = hg_node_get(hg_node_get(hg_model_root(m), "backend"), "b");
    const struct hg_node *via = hg_node_get(hg_model_defaults(m, b), "via");
    HG_NEED(via != NULL);
    HG_CHECK_STR(via->string, "squid");
    HG_CHECK(hg_model_defaults(m, NULL) == NULL);
    hg_model_free(m);
}

HG_TEST(diagnostics_are_sorted_once_each_and_counted)
{
    struct hg_diag *d = hg_diag_new();
    enum hg_severity severity;
    hg_diag_file(d, "first");
    hg_diag_add(d, HG_SEVERITY_ERROR, "second", 1, "a.b", "x");
    hg_diag_add(d, HG_SEVERITY_WARNING, "first", 9, "a", "later");
    hg_diag_add(d, HG_SEVERITY_ERROR, "first", 2, NULL, "early");
    hg_diag_add(d, HG_SEVERITY_ERROR, "first", 2, NULL, "early");
    hg_diag_add(d, HG_SEVERITY_ERROR, NULL, 0, NULL, "no place");
    HG_CHECK_STR(hg_diag_line(d, 0, &severity), "first:2: early");
    HG_CHECK_STR(hg_diag_line(d, 1, &severity), "first:9: a: warning: later");
    HG_CHECK(severity == HG_SEVERITY_WARNING);
    HG_CHECK_STR(hg_diag_line(d, 2, NULL), "second:1: a.b: x");
    HG_CHECK_STR(hg_diag_line(d, 3, NULL), "no place");
    HG_CHECK(hg_diag_line(d, 4, NULL) == NULL);
    HG_CHECK_U64(hg_diag_errors(d), 3);
    HG_CHECK_U64(hg_diag_warnings(d), 1);
    hg_diag_free(d);
}

HG_TEST(diagnostics_have_a_ceiling)
{
    struct hg_diag *d = hg_diag_new();
    for (unsigned i = 0; i < HG_LIMIT_DIAGNOSTICS + 7; i++)
        hg_diag_add(d, HG_SEVERITY_ERROR, "f", i + 1, NULL, "%u", i);
    HG_CHECK_U64(hg_diag_errors(d), HG_LIMIT_DIAGNOSTICS + 7);
    HG_CHECK_STR(hg_diag_line(d, HG_LIMIT_DIAGNOSTICS, NULL), "7 more left out");
    HG_CHECK(hg_diag_line(d, HG_LIMIT_DIAGNOSTICS + 1, NULL) == NULL);
    hg_diag_free(d);
}

HG_TEST(schema_table_is_consistent)
{
    size_t n;
    const struct hg_schema_key *keys = hg_schema_keys(&n);
    HG_CHECK(n > 100);
    for (size_t i = 0; i < n; i++) {
        const struct hg_schema_key *k = &keys[i];
        char why[200];
        uint64_t number;
        hg_unit_row(k->key);
        HG_CHECK(hg_schema_find(k->scope, hg_slice_str(k->key)) == k); /* written once */
        HG_CHECK(k->forms != 0);
        HG_CHECK(k->about != NULL);
        HG_CHECK(((k->forms & (HG_FORM_GROUP | HG_FORM_GROUPS | HG_FORM_NAMED)) != 0) ==
                 (k->sub != HG_SCOPE_NONE));
        HG_CHECK((k->kind == HG_KIND_WORD) == (k->words != NULL));
        if (k->standard != NULL)
            HG_CHECK(hg_schema_value(k, hg_slice_str(k->standard), &number, why, sizeof(why)));
    }
}
