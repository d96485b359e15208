/* SPDX-License-Identifier: MIT
 *
 * What `check` says about configs that cannot run, word for word; and that all
 * examples and rule files are good.
 */
#include "fixture.h"

/* "# env: NAME=value" lines; the text is cut up and must stay. */
static void read_env(char *text, struct fixture_env *e)
{
    size_t n = 0;
    static const char mark[] = "# env: ";
    for (char *line = strtok(text, "\n"); line != NULL && n + 2 < 32; line = strtok(NULL, "\n")) {
        char *equals = strchr(line, '=');
        if (strncmp(line, mark, sizeof(mark) - 1) != 0 || equals == NULL)
            continue;
        *equals = '\0';
        e->pair[n++] = line + sizeof(mark) - 1;
        e->pair[n++] = equals + 1;
    }
}

static void check_with(const char *path, const char *rules_dir, struct fixture_env *e, struct hg_diag *d)
{
    struct hg_environment env = {e, fixture_get};
    struct hg_plan_options options = {.stand_in_secrets = true};
    struct hg_model *m = hg_model_read(&path, 1, rules_dir, d);
    HG_NEED(m != NULL);
    struct hg_plan *p = hg_plan_build(m, &env, &options, d);
    HG_CHECK((p == NULL) == (hg_diag_errors(d) > 0));
    hg_plan_unref(&p);
    hg_model_free(m);
}

static void check(const char *path, struct hg_diag *d)
{
    struct fixture_env e = {0};
    char *text = case_read(path);
    if (text != NULL)
        read_env(text, &e);
    check_with(path, "rules", &e, d);
    for (size_t i = 0; hg_diag_line(d, i, NULL) != NULL; i++)
        HG_CHECK(strstr(hg_diag_line(d, i, NULL), "hunter2") == NULL); /* what stands for a password */
    free(text);
}

HG_TEST(every_broken_config_gets_its_lines)
{
    int back = case_enter(__FILE__, "data");
    HG_NEED(back >= 0);
    HG_CHECK(case_run_all(check) >= 10);
    case_leave(back);
}

/* One kind of mistake each: what people get wrong, and what they are told. */
HG_TEST(forty_broken_configs_get_their_lines)
{
    int back = case_enter(__FILE__, "../config/data/broken");
    HG_NEED(back >= 0);
    HG_CHECK(case_run_all(check) >= 40);
    case_leave(back);
}

HG_TEST(ten_mistakes_are_ten_lines)
{
    int back = case_enter(__FILE__, "../config/data/ten");
    HG_NEED(back >= 0);
    case_run("ten-mistakes.cfg", check);
    struct hg_diag *d = hg_diag_new();
    check("ten-mistakes.cfg", d);
    HG_CHECK_U64(hg_diag_errors(d), 10);
    HG_CHECK_U64(hg_diag_warnings(d), 0);
    hg_diag_free(d);
    case_leave(back);
}

HG_TEST(examples_are_good)
{
    static const char *const names[] = {"minimal.cfg", "ci-runner.cfg"};
    struct fixture_env e = {{"OPENAI_API_KEY", "k", "GITHUB_TOKEN", "ghp_k", "NPM_TOKEN", "npm_k",
                             "HTTPS_PROXY", "http://squid.test:3128", NULL}};
    int back = case_enter(__FILE__, "../../../examples");
    HG_NEED(back >= 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct hg_diag *d = hg_diag_new();
        hg_unit_row(names[i]);
        check_with(names[i], "../rules", &e, d);
        HG_CHECK_STR(hg_diag_line(d, 0, NULL), ""); /* not even a warning */
        hg_diag_free(d);
    }
    case_leave(back);
}

/* Rule files and other examples have no frontend of their own, or want variables: no mistake beyond that. */
static void check_quiet(const char *path, struct hg_diag *d)
{
    struct fixture_env e = {0};
    check_with(path, "../rules", &e, d);
    for (size_t i = 0; hg_diag_line(d, i, NULL) != NULL; i++) {
        const char *line = hg_diag_line(d, i, NULL);
        HG_CHECK(strcmp(line, "there is no frontend") == 0 || strstr(line, " is not set") != NULL);
    }
}

static void all_quiet(const char *folder)
{
    int back = case_enter(__FILE__, folder);
    HG_NEED(back >= 0);
    struct dirent **entry = NULL;
    int n = scandir(".", &entry, NULL, alphasort);
    size_t files = 0;
    for (int i = 0; i < n; i++) {
        size_t len = strlen(entry[i]->d_name);
        if (len > 4 && strcmp(entry[i]->d_name + len - 4, ".cfg") == 0) {
            struct hg_diag *d = hg_diag_new();
            hg_unit_row(entry[i]->d_name);
            check_quiet(entry[i]->d_name, d);
            hg_diag_free(d);
            files++;
        }
        free(entry[i]);
    }
    free(entry);
    HG_CHECK(files > 0);
    case_leave(back);
}

HG_TEST(all_files_that_we_ship_are_good)
{
    all_quiet("../../../examples");
    all_quiet("../../../rules");
}
