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
        {HG_LIT_INIT("a\x1b"), "a\x1b", "has a control character inside"},
        {HG_LIT_INIT("a\x7f"), "a\x7f", "has a control character inside"},
        {HG_LIT_INIT("a\tb\x80\xff"), "a\tb\x80\xff", NULL},
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

/* The value that a request gets, as a string; "" for none. */
static const char *taken(struct hg_secret_slot *slot, struct hg_secret_uses *uses, char out[16])
{
    struct hg_secret *v = hg_secret_slot_take_for(slot, uses);
    out[0] = '\0';
    if (v != NULL) {
        memcpy(out, hg_secret_bytes(v).p, hg_secret_bytes(v).n);
        out[hg_secret_bytes(v).n] = '\0';
    }
    hg_secret_release(&v);
    return out;
}

HG_TEST(a_group_gives_one_that_does_not_rest)
{
    struct hg_secret_slot *m[] = {hg_secret_slot_new("a", "a"), hg_secret_slot_new("b", "b"),
                                  hg_secret_slot_new("c", "c")};
    struct hg_secret_slot *turns = hg_secret_slot_group("t", "secrets a, b, c", m, 3, false);
    struct hg_secret_slot *first = hg_secret_slot_group("f", "secrets a, b, c", m, 3, true);
    struct hg_secret_uses uses = {.now = 100};
    char out[16];
    HG_NEED(turns != NULL && first != NULL);
    HG_CHECK_STR(taken(turns, &uses, out), "");
    HG_CHECK_U64(uses.resting_until, 0);
    hg_secret_slot_set(m[0], hg_secret_new(HG_LIT("A")));
    hg_secret_slot_set(m[2], hg_secret_new(HG_LIT("C")));
    for (size_t i = 0; i < 3; i++)
        HG_CHECK(taken(first, NULL, out)[0] == 'A');
    /* One request gets the same everywhere, the next one another. */
    uses = (struct hg_secret_uses){.now = 100};
    HG_CHECK_STR(taken(turns, &uses, out), "C");
    HG_CHECK_STR(taken(turns, &uses, out), "C");
    HG_CHECK_U64(uses.n, 1);
    HG_CHECK(uses.v[0].slot == turns && uses.v[0].member == m[2] && uses.v[0].version == 1);
    hg_secret_slot_rest(m[0], 200);
    uses = (struct hg_secret_uses){.now = 199};
    HG_CHECK_STR(taken(first, &uses, out), "C");
    HG_CHECK(hg_secret_slot_group_ready(first, 199));
    hg_secret_slot_rest(m[2], 300);
    uses = (struct hg_secret_uses){.now = 199};
    HG_CHECK_STR(taken(first, &uses, out), "");
    HG_CHECK_U64(uses.resting_until, 200);
    HG_CHECK(!hg_secret_slot_group_ready(first, 199));
    uses = (struct hg_secret_uses){.now = 200};
    HG_CHECK_STR(taken(first, &uses, out), "A");
    /* A new value is no longer what was refused. */
    hg_secret_slot_set(m[2], hg_secret_new(HG_LIT("D")));
    HG_CHECK_U64(hg_secret_slot_resting(m[2]), 0);
    HG_CHECK_U64(hg_secret_slot_version(m[2]), 2);
    hg_secret_slot_free(turns);
    hg_secret_slot_free(first);
    for (size_t i = 0; i < 3; i++) {
        HG_CHECK(!hg_secret_slot_shared(m[i]));
        hg_secret_slot_free(m[i]);
    }
}
