/* SPDX-License-Identifier: MIT
 *
 * The main function of every unit test. CUnit's own runner returns success when
 * checks fail, and also when no test ran; this one does neither.
 */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "support/unit.h"

static struct hg_unit_test *tests;
static const char *row;
static double started;

void hg_unit_add(struct hg_unit_test *test)
{
    struct hg_unit_test **at = &tests;
    while (*at)
        at = &(*at)->next;
    test->next = NULL;
    *at = test;
}

void hg_unit_row(const char *what)
{
    row = what;
}

static bool record(bool held, const char *what, const char *file, int line)
{
    return CU_assertImplementation(held ? CU_TRUE : CU_FALSE, (unsigned)line, what, file, "", CU_FALSE) ==
           CU_TRUE;
}

static void print_row(void)
{
    if (row)
        printf("\n    in row: %s", row);
}

bool hg_unit_check(bool held, const char *what, const char *file, int line)
{
    if (!held)
        print_row();
    return record(held, what, file, line);
}

static void print_bytes(const char *label, struct hg_slice s)
{
    printf("\n    %s (%zu): \"", label, s.n);
    for (size_t i = 0; i < s.n && i < 400; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c < 0x7f)
            putchar(c);
        else
            printf("\\x%02x", c);
    }
    printf("\"");
}

bool hg_unit_check_slice(struct hg_slice actual, struct hg_slice expected, const char *what, const char *file,
                         int line)
{
    bool held = hg_slice_eq(actual, expected);
    if (!held) {
        print_row();
        print_bytes("actual", actual);
        print_bytes("expected", expected);
    }
    return record(held, what, file, line);
}

bool hg_unit_check_u64(uint64_t actual, uint64_t expected, const char *what, const char *file, int line)
{
    bool held = actual == expected;
    if (!held) {
        print_row();
        printf("\n    actual %llu, expected %llu", (unsigned long long)actual, (unsigned long long)expected);
    }
    return record(held, what, file, line);
}

size_t hg_unit_scaled(size_t n)
{
    const char *scale = getenv("HDRGATE_TEST_SCALE");
    size_t scaled = scale ? (size_t)((double)n * strtod(scale, NULL)) : n;
    return scaled > 0 ? scaled : 1;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void before_each(void)
{
    started = now();
}

/* What takes long is named, so that the suite can be kept quick. */
static void after_each(void)
{
    double took = now() - started;
    if (took >= 1.0)
        printf("\n    took %.1f s ", took);
    row = NULL;
    hg_guarded_reset();
}

/* "head" from ".../tests/unit/http/head.c", in out. */
static void suite_name(const char *file, char *out, size_t cap)
{
    const char *slash = strrchr(file, '/');
    snprintf(out, cap, "%s", slash ? slash + 1 : file);
    char *dot = strrchr(out, '.');
    if (dot)
        *dot = '\0';
}

static bool wanted(const struct hg_unit_test *t, const char *suite, const char *filter)
{
    char full[256];
    snprintf(full, sizeof(full), "%s.%s", suite, t->name);
    return !filter || strstr(full, filter) != NULL;
}

static bool add_one(const struct hg_unit_test *t, const char *filter)
{
    char suite[128];
    suite_name(t->file, suite, sizeof(suite));
    if (!wanted(t, suite, filter))
        return true;
    CU_pSuite s = CU_get_suite(suite);
    if (!s)
        s = CU_add_suite_with_setup_and_teardown(suite, NULL, NULL, before_each, after_each);
    return s && CU_add_test(s, t->name, t->run);
}

static int list_all(void)
{
    for (const struct hg_unit_test *t = tests; t; t = t->next) {
        char suite[128];
        suite_name(t->file, suite, sizeof(suite));
        printf("%s.%s\n", suite, t->name);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *filter = argc > 1 ? argv[1] : NULL;
    if (filter && strcmp(filter, "-l") == 0)
        return list_all();
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 2;
    for (const struct hg_unit_test *t = tests; t; t = t->next) {
        if (!add_one(t, filter)) {
            fprintf(stderr, "cannot register %s: %s\n", t->name, CU_get_error_msg());
            CU_cleanup_registry();
            return 2;
        }
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_ErrorCode rc = CU_basic_run_tests();
    bool good = rc == CUE_SUCCESS && CU_get_number_of_tests_run() > 0 && CU_get_number_of_failures() == 0 &&
                CU_get_number_of_tests_failed() == 0 && CU_get_number_of_suites_failed() == 0;
    CU_cleanup_registry();
    return good ? 0 : 1;
}
