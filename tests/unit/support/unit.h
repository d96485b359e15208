/* SPDX-License-Identifier: MIT
 *
 * What every unit test shares: registration, the main function, a guard page.
 *
 * How to write a test file (tests/unit/<room>/<topic>.c):
 *
 *     #include "base/slice.h"
 *     #include "support/unit.h"
 *
 *     HG_TEST(trims_both_ends)
 *     {
 *         struct hg_slice in = hg_guarded_str("  x\t");
 *         HG_CHECK_SLICE(hg_slice_trim(in), "x");
 *     }
 *
 * There is no list of tests and no main to write: HG_TEST registers the function
 * before main runs, and main comes from the support library. The suite's name is
 * the file's name. Everything of CUnit can be used (CU_ASSERT_EQUAL, CU_FAIL ...);
 * prefer HG_CHECK: it prints the expression, and HG_CHECK_SLICE also the bytes.
 * HG_NEED is for what the rest of the test cannot do without: it ends the test.
 *
 * The executable returns 0 only when at least one test ran and no check failed.
 * `unit_<room> NAME` runs only tests whose "suite.test" contains NAME;
 * `unit_<room> -l` lists them.
 */
#ifndef HG_TESTS_UNIT_H
#define HG_TESTS_UNIT_H

#include <CUnit/CUnit.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct hg_unit_test {
    const char *file;
    const char *name;
    void (*run)(void);
    struct hg_unit_test *next;
};

void hg_unit_add(struct hg_unit_test *test);

#define HG_TEST(test_name)                                                          \
    static void test_name(void);                                                    \
    __attribute__((constructor)) static void test_name##_register(void)             \
    {                                                                               \
        static struct hg_unit_test entry = {__FILE__, #test_name, test_name, NULL}; \
        hg_unit_add(&entry);                                                        \
    }                                                                               \
    static void test_name(void)

/* n, or less of it where HDRGATE_TEST_SCALE says so (under ThreadSanitizer and valgrind); at least 1. */
size_t hg_unit_scaled(size_t n);

/* Each counts as one CUnit assertion and gives back whether it held. */
#define HG_CHECK(e) hg_unit_check((e) ? true : false, #e, __FILE__, __LINE__)
#define HG_CHECK_SLICE(actual, text) \
    hg_unit_check_slice((actual), hg_slice_str(text), #actual, __FILE__, __LINE__)
#define HG_CHECK_STR(actual, text) \
    hg_unit_check_slice(hg_slice_str(actual), hg_slice_str(text), #actual, __FILE__, __LINE__)
/* For unsigned numbers up to 64 bits and non-negative others; prints both. */
#define HG_CHECK_U64(actual, expected) \
    hg_unit_check_u64((uint64_t)(actual), (uint64_t)(expected), #actual, __FILE__, __LINE__)

/* Ends the test function when it does not hold. */
#define HG_NEED(e)        \
    do {                  \
        if (!HG_CHECK(e)) \
            return;       \
    } while (0)

/* In a table-driven test: names the row that a failing check belongs to, printed with the failure.
 * The text is not copied. Cleared at the end of each test. */
void hg_unit_row(const char *what);

bool hg_unit_check(bool held, const char *what, const char *file, int line);
bool hg_unit_check_slice(struct hg_slice actual, struct hg_slice expected, const char *what, const char *file,
                         int line);
bool hg_unit_check_u64(uint64_t actual, uint64_t expected, const char *what, const char *file, int line);

/* A writable copy of s whose last byte stands right before a page that cannot be touched: reading one
 * byte too far is a crash, under valgrind and without any sanitizer too. An empty s gives a pointer to
 * the guard page itself. Valid until the test function returns, or until hg_guarded_reset (call that in
 * loops that make thousands). Aborts without memory. */
struct hg_slice hg_guarded(struct hg_slice s);
struct hg_slice hg_guarded_str(const char *z);
void hg_guarded_reset(void);

/* A new folder; all of them are gone, with what is in them, when the program ends. False: there is none. */
bool hg_unit_folder(char *path, size_t cap);

#endif
