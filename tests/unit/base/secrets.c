/* SPDX-License-Identifier: MIT
 *
 * Secrets: bytes, references, slots that rotate under threads, cleaning.
 */
#include "base/secret.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/unit.h"

HG_TEST(bytes_are_a_copy)
{
    char text[] = "sk-very-secret";
    struct hg_secret *s = hg_secret_new(hg_slice_str(text));
    HG_NEED(s != NULL);
    memset(text, 'x', sizeof(text) - 1);
    HG_CHECK_SLICE(hg_secret_bytes(s), "sk-very-secret");
    hg_secret_release(&s);
    HG_CHECK(s == NULL);
    hg_secret_release(&s);
    s = hg_secret_new(hg_slice(NULL, 0));
    HG_NEED(s != NULL);
    HG_CHECK_U64(hg_secret_bytes(s).n, 0);
    hg_secret_release(&s);
}

/* Whether a child that touches that byte dies (by a signal, or by a sanitizer's exit). */
static bool child_dies(const char *at, bool write_it)
{
    pid_t pid = fork();
    if (pid == 0) {
        volatile char *p = (volatile char *)(uintptr_t)at;
        close(2);
        if (write_it)
            *p = 1;
        _exit(*p == 0x7e ? 78 : 77);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return !WIFEXITED(status) || (WEXITSTATUS(status) != 77 && WEXITSTATUS(status) != 78);
}

HG_TEST(children_cannot_read_it)
{
    struct hg_secret *s = hg_secret_new(HG_LIT("abc"));
    HG_NEED(s != NULL);
    HG_CHECK(child_dies(hg_secret_bytes(s).p, false));
    hg_secret_release(&s);
}

HG_TEST(slot_hands_out_references)
{
    struct hg_secret_slot *slot = hg_secret_slot_new("key", "environment variable KEY");
    HG_NEED(slot != NULL);
    HG_CHECK_STR(hg_secret_slot_name(slot), "key");
    HG_CHECK_STR(hg_secret_slot_source(slot), "environment variable KEY");
    HG_CHECK(hg_secret_slot_take(slot) == NULL);
    hg_secret_slot_set(slot, hg_secret_new(HG_LIT("one")));
    struct hg_secret *one = hg_secret_slot_take(slot);
    hg_secret_slot_set(slot, hg_secret_new(HG_LIT("two")));
    struct hg_secret *two = hg_secret_slot_take(slot);
    HG_NEED(one && two);
    HG_CHECK_SLICE(hg_secret_bytes(one), "one");
    HG_CHECK_SLICE(hg_secret_bytes(two), "two");
    hg_secret_release(&one);
    hg_secret_slot_set(slot, NULL);
    HG_CHECK(hg_secret_slot_take(slot) == NULL);
    hg_secret_release(&two);
    hg_secret_slot_free(slot);
    hg_secret_slot_free(NULL);
}

static void *reader(void *arg)
{
    struct hg_secret_slot *slot = arg;
    for (int i = 0; i < 2000; i++) {
        struct hg_secret *s = hg_secret_slot_take(slot);
        if (!s || hg_secret_bytes(s).n != 5)
            return slot;
        hg_secret_release(&s);
    }
    return NULL;
}

HG_TEST(rotation_under_threads)
{
    struct hg_secret_slot *slot = hg_secret_slot_new("k", "s");
    pthread_t threads[3];
    HG_NEED(slot != NULL);
    hg_secret_slot_set(slot, hg_secret_new(HG_LIT("first")));
    for (size_t i = 0; i < 3; i++)
        HG_NEED(pthread_create(&threads[i], NULL, reader, slot) == 0);
    for (int i = 0; i < 300; i++)
        hg_secret_slot_set(slot, hg_secret_new(HG_LIT("later")));
    for (size_t i = 0; i < 3; i++) {
        void *bad = NULL;
        pthread_join(threads[i], &bad);
        HG_CHECK(bad == NULL);
    }
    hg_secret_slot_free(slot);
}

HG_TEST(cleaning)
{
    static const char *const prefixes[] = {"Bearer ", "token "};
    static const struct {
        struct hg_slice raw;
        const char *value, *complaint;
    } rows[] = {
        {HG_LIT_INIT("abc\n"), "abc", NULL},
        {HG_LIT_INIT(" \t\r\nabc \r\n"), "abc", NULL},
        {HG_LIT_INIT("bearer abc"), "abc", NULL},
        {HG_LIT_INIT("Bearer   abc"), "abc", NULL},
        {HG_LIT_INIT("TOKEN x"), "x", NULL},
        {HG_LIT_INIT("Bearer Bearer x"), "Bearer x", NULL},
        {HG_LIT_INIT("Bearerabc"), "Bearerabc", NULL},
        {HG_LIT_INIT("Bearer "), "", "is empty"},
        {HG_LIT_INIT(""), "", "is empty"},
        {HG_LIT_INIT(" \n "), "", "is empty"},
        {HG_LIT_INIT("a\nb"), "a\nb", "has a line break or NUL inside"},
        {HG_LIT_INIT("a\rb"), "a\rb", "has a line break or NUL inside"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hg_slice s = hg_guarded(rows[i].raw);
        hg_unit_row(rows[i].raw.p);
        const char *complaint = hg_secret_clean(&s, prefixes, 2);
        HG_CHECK_STR(complaint ? complaint : "", rows[i].complaint ? rows[i].complaint : "");
        HG_CHECK_SLICE(s, rows[i].value);
    }
    struct hg_slice nul = hg_guarded(HG_LIT("a\0b"));
    HG_CHECK(hg_secret_clean(&nul, NULL, 0) != NULL);
    nul = hg_guarded(HG_LIT("abc\0"));
    HG_CHECK(hg_secret_clean(&nul, NULL, 0) != NULL);
}
