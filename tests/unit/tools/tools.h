/* SPDX-License-Identifier: MIT
 *
 * What the tests of the tools share: a plan from a text.
 */
#ifndef HG_TESTS_TOOLS_H
#define HG_TESTS_TOOLS_H

#include "plan/plan.h"
#include "support/unit.h"

/* NULL when the text is not a valid config. The variables: KEY=real-key-4711, PROXY=http://u:pw@squid:3128.
 */
struct hg_plan *test_plan(const char *text);
struct hg_model *test_model(const char *text);
extern const struct hg_environment test_environment;

#define TEST_CONFIG                                                                                          \
    "secret: { k: { from = \"$<KEY>\"; }; file: { file = \"/no/such/file\"; }; };\n"                         \
    "frontend: { f: { bind = \"127.0.0.1:8080\"; backend = \"b\";\n"                                         \
    "  request = ( { drop-header = \"authorization\"; }, { when: { path = \"/no\"; }; deny = 403; } ); };\n" \
    "  g: { bind = \"127.0.0.1:8081\"; backend = \"c\"; }; };\n"                                             \
    "backend: { squid: { proxy = \"$<PROXY>\"; };\n"                                                         \
    "  b: { url = \"https://api.example\"; via = \"squid\";\n"                                               \
    "    request = ( { set-header = [ \"Authorization\", \"Bearer $<secret:k>\" ]; } );\n"                   \
    "    response = ( { drop-header = \"server\"; } ); };\n"                                                 \
    "  c: { url = \"https://git.example:8443\"; via = \"squid\";\n"                                          \
    "    request = ( { set-header = [ \"Authorization\", \"Basic $<base64:x:$<secret:k>>\" ]; },\n"          \
    "                { set-header = [ \"X-File\", \"$<secret:file>\" ]; } ); }; };\n"

#endif
