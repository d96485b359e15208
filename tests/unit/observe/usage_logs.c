/* SPDX-License-Identifier: MIT
 *
 * The usage log by itself: modes, rotations, disks that are full or slow.
 */
#include "observe/usage_log.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "support/unit.h"

static char folder[64], err[512];
static struct hg_counters counters; /* of one log after the other */

static const char *in_folder(const char *name)
{
    static char path[4][160];
    static unsigned i;

    i = (i + 1) % 4;
    snprintf(path[i], sizeof(path[i]), "%s/%s", folder, name);
    return path[i];
}

static struct hg_usage_log *open_log(const char *name, unsigned mode, size_t queue)
{
    struct hg_usage_log *u = hg_usage_log_new(NULL, &counters);
    struct hg_usage_target to = {.mode = mode, .queue = queue};

    memset(&counters, 0, sizeof(counters));
    if (u == NULL || !hg_unit_folder(folder, sizeof(folder)))
        return NULL;
    to.to = in_folder(name);
    HG_CHECK(hg_usage_log_use(u, &to, err, sizeof(err)));
    return u;
}

static size_t slurp(const char *path, char *out, size_t cap)
{
    int fd = open(path, O_RDONLY);
    ssize_t n = fd >= 0 ? read(fd, out, cap - 1) : 0;

    if (fd >= 0)
        close(fd);
    out[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

/* Waits by the log's own word. */
struct teller {
    struct hg_usage_waiter waiter;
    int pipe[2];
};

static void told(void *ctx)
{
    struct teller *t = ctx;

    HG_CHECK(write(t->pipe[1], "x", 1) == 1);
}

static bool teller_open(struct teller *t, struct hg_usage_log *u)
{
    *t = (struct teller){.waiter = {.written = told, .ctx = t}};
    hg_usage_log_attach(u, &t->waiter);
    return pipe(t->pipe) == 0;
}

static void teller_close(struct teller *t, struct hg_usage_log *u)
{
    hg_usage_log_detach(u, &t->waiter);
    close(t->pipe[0]);
    close(t->pipe[1]);
}

static bool wait_for(struct teller *t, struct hg_usage_log *u, uint64_t number)
{
    char c;

    while (hg_usage_log_done(u) < number) {
        struct pollfd p = {.fd = t->pipe[0], .events = POLLIN};

        if (poll(&p, 1, 10000) != 1 || read(t->pipe[0], &c, 1) != 1)
            return false;
    }
    return true;
}

static uint64_t count(const char *what)
{
    struct hg_counts c = {0};

    hg_counts_add(&c, &counters);
    switch (what[0]) {
    case 'w':
        return c.usage_lines_total;
    case 'l':
        return c.usage_lines_delayed_total;
    case 'd':
        return c.usage_lines_dropped_total;
    default:
        return c.usage_log_errors_total;
    }
}

HG_TEST(a_file_is_there_from_the_start_with_its_mode_whatever_the_umask)
{
    mode_t before = umask(0077);
    struct hg_usage_log *u = open_log("a/b/usage.jsonl", 0644, 4096);
    struct stat st;
    char out[64];

    umask(before);
    HG_NEED(u != NULL);
    HG_CHECK(stat(in_folder("a/b/usage.jsonl"), &st) == 0);
    HG_CHECK_U64(st.st_mode & 07777, 0644);
    HG_CHECK_U64(hg_usage_log_put(u, NULL, HG_LIT("{\"n\":1}")), 1);
    HG_CHECK_U64(hg_usage_log_put(u, NULL, HG_LIT("{\"n\":2}")), 2);
    hg_usage_log_free(u, HG_TIME_USAGE_FLUSH); /* which writes what waits */
    slurp(in_folder("a/b/usage.jsonl"), out, sizeof(out));
    HG_CHECK_STR(out, "{\"n\":1}\n{\"n\":2}\n");
}

HG_TEST(a_log_that_is_off_takes_nothing)
{
    struct hg_usage_log *u = hg_usage_log_new(NULL, &counters);
    const struct hg_usage_target none = {.to = NULL},
                                 bad = {.to = "/dev/null/x", .mode = 0644, .queue = 4096};

    HG_NEED(u != NULL);
    HG_CHECK(!hg_usage_log_on(u) && hg_usage_log_put(u, NULL, HG_LIT("x")) == 0);
    HG_CHECK(hg_usage_log_use(u, &none, err, sizeof(err)));
    HG_CHECK(!hg_usage_log_use(u, &bad, err, sizeof(err)));
    HG_CHECK_STR(err, "global.usage-log.to: /dev/null/x: Not a directory");
    HG_CHECK(!hg_usage_log_on(u));
    hg_usage_log_free(u, 0);
    HG_CHECK(!hg_usage_log_on(NULL) && hg_usage_log_put(NULL, NULL, HG_LIT("x")) == 0);
}

HG_TEST(a_file_that_was_renamed_is_followed_with_a_word_or_without)
{
    struct hg_usage_log *u = open_log("u", 0600, 4096);
    struct teller t;
    struct stat st;
    char out[64];

    HG_NEED(u != NULL && teller_open(&t, u));
    hg_usage_log_put(u, &t.waiter, HG_LIT("one"));
    HG_CHECK(wait_for(&t, u, 1));
    HG_CHECK(rename(in_folder("u"), in_folder("u.1")) == 0);
    hg_usage_log_put(u, &t.waiter, HG_LIT("two"));
    HG_CHECK(wait_for(&t, u, 2));
    const struct hg_usage_target to = {.to = in_folder("u"), .mode = 0600, .queue = 4096};
    HG_CHECK(unlink(in_folder("u")) == 0 && hg_usage_log_use(u, &to, err, sizeof(err)));
    hg_usage_log_put(u, &t.waiter, HG_LIT("three"));
    HG_CHECK(wait_for(&t, u, 3));
    teller_close(&t, u);
    hg_usage_log_free(u, HG_TIME_USAGE_FLUSH);
    slurp(in_folder("u.1"), out, sizeof(out));
    HG_CHECK_STR(out, "one\n");
    slurp(in_folder("u"), out, sizeof(out));
    HG_CHECK_STR(out, "three\n");
    HG_CHECK(stat(in_folder("u"), &st) == 0 && (st.st_mode & 07777) == 0600);
}

/* A FIFO whose reader does not read is a disk that is slow. */
HG_TEST(nobody_waits_for_a_slow_disk_and_what_does_not_fit_is_counted)
{
    struct hg_usage_log *u = hg_usage_log_new(NULL, &counters);
    struct hg_usage_target to = {.mode = 0644, .queue = 4096};
    char line[1000], *all = calloc(1, 1 << 20);
    struct teller t;
    size_t n = 0, got = 0;
    int fd;

    memset(&counters, 0, sizeof(counters));
    HG_NEED(u != NULL && all != NULL && hg_unit_folder(folder, sizeof(folder)));
    to.to = in_folder("fifo");
    HG_NEED(mkfifo(to.to, 0600) == 0);
    fd = open(to.to, O_RDONLY | O_NONBLOCK);
    HG_NEED(fd >= 0 && hg_usage_log_use(u, &to, err, sizeof(err)) && teller_open(&t, u));
    memset(line, 'x', sizeof(line));
    while (hg_usage_log_put(u, &t.waiter, hg_slice(line, sizeof(line))) != 0) {
        if (++n < 48) /* a pipe holds 64 KiB: so many are written for sure */
            HG_CHECK(wait_for(&t, u, n));
    }
    hg_usage_log_late(u);
    for (int i = 0; i < 100; i++)
        HG_CHECK_U64(hg_usage_log_put(u, &t.waiter, hg_slice(line, sizeof(line))), 0);
    HG_CHECK(count("dropped") >= 90);
    HG_CHECK(count("late") > 0);
    teller_close(&t, u);
    /* Once somebody reads, all that was taken comes. */
    fcntl(fd, F_SETFL, 0);
    while (got < n * (sizeof(line) + 1)) {
        ssize_t r = read(fd, all + got, 4096);

        HG_NEED(r > 0);
        got += (size_t)r;
    }
    HG_CHECK(memchr(all, '\n', got) == all + sizeof(line));
    hg_usage_log_free(u, HG_TIME_USAGE_FLUSH);
    close(fd);
    free(all);
}

/* A file at its size limit is a full disk. */
HG_TEST(a_full_disk_loses_nothing_that_the_queue_holds)
{
    struct rlimit before, small = {.rlim_cur = 10};
    struct hg_usage_log *u = open_log("u", 0600, 4096);
    struct teller t;
    char out[64];

    HG_NEED(u != NULL && teller_open(&t, u) && getrlimit(RLIMIT_FSIZE, &before) == 0);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    HG_NEED(setrlimit(RLIMIT_FSIZE, &small) == 0);
    hg_usage_log_put(u, &t.waiter, HG_LIT("{\"n\":1}"));
    HG_CHECK(wait_for(&t, u, 1));
    hg_usage_log_put(u, &t.waiter, HG_LIT("{\"n\":2}")); /* two bytes of it fit */
    while (count("errors") == 0)
        poll(NULL, 0, 1);
    HG_CHECK_U64(hg_usage_log_put(u, &t.waiter, HG_LIT("{\"n\":3}")), 0);
    HG_CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    HG_CHECK(wait_for(&t, u, 2));
    teller_close(&t, u);
    hg_usage_log_free(u, HG_TIME_USAGE_FLUSH);
    slurp(in_folder("u"), out, sizeof(out));
    HG_CHECK_STR(out, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
}

struct many {
    struct hg_usage_log *u;
    char name;
};

static void *put_many(void *arg)
{
    const struct many *m = arg;
    char line[64];

    for (int i = 0; i < 500; i++) {
        int n = snprintf(line, sizeof(line), "%c%d", m->name, i);

        (void)hg_usage_log_put(m->u, NULL, hg_slice(line, (size_t)n));
    }
    return NULL;
}

HG_TEST(lines_of_many_threads_are_whole_and_in_their_order)
{
    struct hg_usage_log *u = open_log("u", 0600, 65536);
    static char out[65536];
    struct many m[4];
    pthread_t thread[4];
    int next[4] = {0};

    HG_NEED(u != NULL);
    for (int i = 0; i < 4; i++) {
        m[i] = (struct many){u, (char)('a' + i)};
        HG_NEED(pthread_create(&thread[i], NULL, put_many, &m[i]) == 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    hg_usage_log_free(u, HG_TIME_USAGE_FLUSH);
    slurp(in_folder("u"), out, sizeof(out));
    for (char *line = out, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        int who = line[0] - 'a';

        HG_NEED(who >= 0 && who < 4);
        HG_CHECK_U64(strtoul(line + 1, NULL, 10), next[who]);
        next[who]++;
    }
    for (int i = 0; i < 4; i++)
        HG_CHECK_U64(next[i], 500);
}
