/* SPDX-License-Identifier: MIT
 *
 * The log: whole lines, no waiting for a slow reader, and losses that are told.
 */
#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "support/unit.h"

static size_t read_all(int fd, char *out, size_t cap)
{
    size_t n = 0;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (ssize_t got; n + 1 < cap && (got = read(fd, out + n, cap - 1 - n)) > 0;)
        n += (size_t)got;
    out[n] = '\0';
    return n;
}

HG_TEST(lines_reach_a_pipe)
{
    int fds[2];
    char out[4096];
    HG_NEED(pipe(fds) == 0);
    struct hg_log *log = hg_log_new(fds[1], HG_LOG_INFO);
    HG_NEED(log != NULL);
    HG_CHECK(!hg_log_on(log, HG_LOG_DEBUG) && hg_log_on(log, HG_LOG_INFO) && hg_log_on(log, HG_LOG_ERROR));
    hg_log_line(log, hg_guarded_str("{\"a\":1}"));
    hg_log_event(log, HG_LOG_DEBUG, HG_EVENT_STOPPED, "%d", 1);
    hg_log_event(log, HG_LOG_WARN, HG_EVENT_STATUS, "%s-%d", "x\n", 2);
    HG_CHECK_U64(read_all(fds[0], out, sizeof(out)), 0);
    HG_CHECK(hg_log_flush(log));
    read_all(fds[0], out, sizeof(out));
    HG_CHECK(strncmp(out, "{\"a\":1}\n{\"timestamp\":\"20", 24) == 0);
    HG_CHECK(strstr(out, "\"level\":\"warn\",\"event\":\"status\",\"message\":\"x\\n-2\"}\n") != NULL);
    HG_CHECK(strstr(out, "stopped") == NULL);
    hg_log_free(log, 0);
    /* Our own O_NONBLOCK does not leak into the descriptor we were given. */
    HG_CHECK((fcntl(fds[1], F_GETFL) & O_NONBLOCK) == 0);
    close(fds[0]);
    close(fds[1]);
}

HG_TEST(a_stuck_reader_costs_lines_and_is_told)
{
    int fds[2];
    char *out = malloc(4u << 20), line[1000];
    HG_NEED(out != NULL && pipe(fds) == 0);
    struct hg_log *log = hg_log_new(fds[1], HG_LOG_INFO);
    HG_NEED(log != NULL);
    memset(line, 'x', sizeof(line));
    for (int i = 0; i < 3000; i++) {
        hg_log_line(log, hg_slice(line, sizeof(line)));
        if (i == 100)
            hg_log_flush(log);
    }
    HG_CHECK(!hg_log_flush(log));
    uint64_t dropped = hg_log_dropped(log);
    HG_CHECK(dropped > 1000 && dropped < 3000);
    uint64_t lines = 0;
    bool all;
    do {
        all = hg_log_flush(log);
        size_t n = read_all(fds[0], out, 4u << 20);
        for (size_t i = 0; i < n; i++)
            lines += out[i] == '\n';
    } while (!all);
    HG_CHECK_U64(lines + dropped, 3000);
    hg_log_line(log, HG_LIT("after"));
    HG_CHECK(hg_log_flush(log));
    read_all(fds[0], out, 4u << 20);
    char want[64];
    snprintf(want, sizeof(want), "\"event\":\"log-dropped\",\"lines\":%llu}\nafter\n",
             (unsigned long long)dropped);
    HG_CHECK(strstr(out, want) != NULL);
    hg_log_free(log, 0);
    close(fds[0]);
    close(fds[1]);
    free(out);
}

HG_TEST(a_reader_that_left)
{
    int fds[2];
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
    sigaction(SIGPIPE, &ignore, &old);
    HG_NEED(pipe(fds) == 0);
    struct hg_log *log = hg_log_new(fds[1], HG_LOG_INFO);
    HG_NEED(log != NULL);
    close(fds[0]);
    hg_log_line(log, HG_LIT("lost"));
    HG_CHECK(hg_log_flush(log));
    HG_CHECK_U64(hg_log_dropped(log), 1);
    hg_log_free(log, 100);
    close(fds[1]);
    sigaction(SIGPIPE, &old, NULL);
}

HG_TEST(files_and_sockets)
{
    int fds[2];
    char out[64];
    FILE *f = tmpfile();
    HG_NEED(f != NULL && socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    struct hg_log *file = hg_log_new(fileno(f), HG_LOG_INFO), *sock = hg_log_new(fds[0], HG_LOG_INFO);
    HG_NEED(file && sock);
    hg_log_line(file, HG_LIT("one"));
    hg_log_line(sock, HG_LIT("two"));
    hg_log_free(file, 100);
    hg_log_free(sock, 100);
    HG_CHECK(pread(fileno(f), out, sizeof(out), 0) == 4 && memcmp(out, "one\n", 4) == 0);
    read_all(fds[1], out, sizeof(out));
    HG_CHECK_STR(out, "two\n");
    fclose(f);
    close(fds[0]);
    close(fds[1]);
}

static void *writer(void *log)
{
    for (int i = 0; i < 500; i++) {
        hg_log_line(log, HG_LIT("0123456789"));
        if (i % 50 == 0)
            hg_log_flush(log);
    }
    return NULL;
}

HG_TEST(threads_do_not_mix_lines)
{
    int fds[2];
    pthread_t t[4];
    static char out[64 * 1024];
    HG_NEED(pipe(fds) == 0);
    struct hg_log *log = hg_log_new(fds[1], HG_LOG_INFO);
    HG_NEED(log != NULL);
    for (int i = 0; i < 4; i++)
        HG_NEED(pthread_create(&t[i], NULL, writer, log) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    HG_CHECK(hg_log_flush(log));
    size_t n = read_all(fds[0], out, sizeof(out));
    HG_CHECK_U64(n, 4 * 500 * 11);
    for (size_t i = 0; i + 11 <= n; i += 11)
        if (memcmp(out + i, "0123456789\n", 11) != 0)
            CU_FAIL("a mixed line");
    hg_log_free(log, 0);
    close(fds[0]);
    close(fds[1]);
}

HG_TEST(no_log_is_a_log_that_is_off)
{
    HG_CHECK(!hg_log_on(NULL, HG_LOG_ERROR));
    hg_log_line(NULL, HG_LIT("x"));
    hg_log_event(NULL, HG_LOG_ERROR, HG_EVENT_STATUS, "y");
    HG_CHECK(hg_log_flush(NULL));
    HG_CHECK_U64(hg_log_dropped(NULL), 0);
    hg_log_free(NULL, 0);
}
