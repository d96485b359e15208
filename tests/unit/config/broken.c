/* SPDX-License-Identifier: MIT
 *
 * What the config room says about broken files, word for word, and that reading
 * is safe on any text.
 */
#include "cases.h"

#include "lint.h"

static void check(const char *path, struct hg_diag *d)
{
    struct hg_model *m = hg_model_read(&path, 1, "rules.d", d);
    HG_CHECK(m != NULL);
    hg_model_free(m);
}

HG_TEST(every_broken_file_gets_its_lines)
{
    int back = case_enter(__FILE__, "data");
    HG_NEED(back >= 0);
    HG_CHECK(case_run_all(check) >= 25);
    case_leave(back);
}

/* The lexer looks ahead: never behind the end. */
HG_TEST(lint_stays_inside_its_text)
{
    static const char *const texts[] = {"",    "\"", "\"\\", "/",  "/*", "/**", "a = 0x",    "a = -", "a = .",
                                        "a =", "@",  "#",    "//", "{",  "}}}", "a = \"b\"", "a = 1L"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct hg_diag *d = hg_diag_new();
        struct hg_lint lint;
        hg_unit_row(texts[i]);
        hg_lint_text(hg_guarded_str(texts[i]), "x", d, &lint);
        HG_CHECK(!lint.syntax || hg_diag_errors(d) > 0);
        hg_diag_free(d);
    }
}

HG_TEST(a_string_cannot_include)
{
    struct hg_diag *d = hg_diag_new();
    struct hg_model *m = hg_model_read_string("include = \"/etc/hostname\";", "s", d);
    HG_CHECK_STR(hg_diag_line(d, 0, NULL), "s:1: include: a config that is not a file cannot include");
    HG_CHECK_U64(hg_diag_errors(d), 1);
    hg_model_free(m);
    hg_diag_free(d);
}

HG_TEST(missing_files_are_named)
{
    const char *paths[] = {"/nowhere/x.cfg", "/nowhere/y"};
    struct hg_diag *d = hg_diag_new();
    struct hg_model *m = hg_model_read(paths, 2, NULL, d);
    HG_CHECK_STR(hg_diag_line(d, 0, NULL), "/nowhere/x.cfg: No such file or directory");
    HG_CHECK_STR(hg_diag_line(d, 1, NULL), "/nowhere/y: No such file or directory");
    HG_CHECK(hg_diag_line(d, 2, NULL) == NULL);
    hg_model_free(m);
    hg_diag_free(d);
}

HG_TEST(a_file_that_is_too_large_is_refused)
{
    char name[] = "/tmp/hg-unit-XXXXXX";
    int fd = mkstemp(name);
    HG_NEED(fd >= 0);
    HG_CHECK(ftruncate(fd, 5 * 1024 * 1024) == 0);
    const char *path = name;
    struct hg_diag *d = hg_diag_new();
    struct hg_model *m = hg_model_read(&path, 1, NULL, d);
    const char *line = hg_diag_line(d, 0, NULL);
    HG_CHECK(line != NULL && strstr(line, ": the file is larger than 4 MiB") != NULL);
    hg_model_free(m);
    hg_diag_free(d);
    (void)close(fd);
    (void)unlink(name);
}
