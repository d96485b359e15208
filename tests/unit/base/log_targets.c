/* SPDX-License-Identifier: MIT
 *
 * Where a log goes: files that are renamed, the system's logger, and changing
 * from one to the other without losing a line.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "support/unit.h"

static char folder[64], err[512];

static const char *in_folder(const char *name)
{
    static char path[4][128];
    static unsigned i;
    i = (i + 1) % 4;
    snprintf(path[i], sizeof(path[i]), "%s/%s", folder, name);
    return path[i];
}

static void make_folder(void)
{
    memcpy(folder, "/tmp/hdrgate-log-XXXXXX", 24);
    HG_NEED(mkdtemp(folder) != NULL);
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

HG_TEST(a_renamed_file_is_opened_anew)
{
    char out[256];
    make_folder();
    const char *path = in_folder("a.log"), *old = in_folder("a.log.1");
    const struct hg_log_target to = {.to = path}, bad = {.to = "/no/such/folder/x"};
    struct hg_log *log = hg_log_open(&to, HG_LOG_INFO, err, sizeof(err));
    HG_NEED(log != NULL);
    hg_log_line(log, HG_LIT("one"));
    HG_CHECK(hg_log_flush(log) && rename(path, old) == 0);
    hg_log_line(log, HG_LIT("two"));
    HG_CHECK(hg_log_reopen(log, &to, err, sizeof(err)));
    hg_log_line(log, HG_LIT("three"));
    HG_CHECK(!hg_log_reopen(log, &bad, err, sizeof(err)));
    HG_CHECK_STR(err, "global.log.to: /no/such/folder/x: No such file or directory");
    hg_log_line(log, HG_LIT("four"));
    hg_log_free(log, 100);
    slurp(old, out, sizeof(out));
    HG_CHECK_STR(out, "one\ntwo\n");
    slurp(path, out, sizeof(out));
    HG_CHECK_STR(out, "three\nfour\n");
    log = hg_log_open(&to, HG_LOG_INFO, err, sizeof(err));
    hg_log_line(log, HG_LIT("five"));
    hg_log_free(log, 100);
    slurp(path, out, sizeof(out));
    HG_CHECK_STR(out, "three\nfour\nfive\n");
    unlink(path);
    unlink(old);
    rmdir(folder);
}

struct shared {
    struct hg_log *log;
    atomic_bool stop;
    atomic_size_t lines;
};

static void *write_lines(void *arg)
{
    struct shared *s = arg;
    while (!atomic_load(&s->stop)) {
        hg_log_line(s->log, HG_LIT("0123456789"));
        atomic_fetch_add(&s->lines, 1);
        hg_log_flush(s->log);
    }
    return NULL;
}

HG_TEST(nothing_is_lost_or_torn_while_files_change)
{
    enum { FILES = 50 };
    static char out[1 << 20];
    struct shared s = {.log = NULL};
    pthread_t t[2];
    size_t lines = 0, torn = 0;
    char path[128];
    make_folder();
    snprintf(path, sizeof(path), "%s/a.log", folder);
    const struct hg_log_target to = {.to = path};
    s.log = hg_log_open(&to, HG_LOG_INFO, err, sizeof(err));
    HG_NEED(s.log != NULL);
    for (int i = 0; i < 2; i++)
        HG_NEED(pthread_create(&t[i], NULL, write_lines, &s) == 0);
    for (int i = 0; i < FILES; i++) {
        char name[16];
        size_t before = atomic_load(&s.lines);
        snprintf(name, sizeof(name), "%d", i);
        HG_CHECK(rename(path, in_folder(name)) == 0);
        HG_CHECK(hg_log_reopen(s.log, &to, err, sizeof(err)));
        while (atomic_load(&s.lines) < before + 10)
            ;
    }
    atomic_store(&s.stop, true);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    hg_log_free(s.log, 1000);
    for (int i = 0; i <= FILES; i++) {
        char name[16];
        snprintf(name, sizeof(name), "%d", i);
        const char *file = i < FILES ? in_folder(name) : path;
        size_t n = slurp(file, out, sizeof(out));
        for (size_t k = 0; k + 11 <= n; k += 11)
            torn += memcmp(out + k, "0123456789\n", 11) != 0;
        lines += n / 11;
        torn += n % 11 != 0;
        unlink(file);
    }
    HG_CHECK_U64(torn, 0);
    HG_CHECK_U64(lines, atomic_load(&s.lines));
    rmdir(folder);
}

static int logger(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
    HG_CHECK(fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0);
    return fd;
}

static const char *receive(int fd)
{
    static char out[8192];
    ssize_t n = recv(fd, out, sizeof(out) - 1, 0);
    out[n > 0 ? n : 0] = '\0';
    return out;
}

/* <priority>Mmm dd hh:mm:ss hdrgate[pid]: text */
static void check_datagram(const char *got, const char *priority, const char *text)
{
    char tag[64];
    size_t n = strlen(priority);
    snprintf(tag, sizeof(tag), " hdrgate[%ld]: ", (long)getpid());
    HG_CHECK(strncmp(got, priority, n) == 0);
    HG_CHECK(strlen(got) > n + 15 && got[n + 3] == ' ' && got[n + 9] == ':' && got[n + 12] == ':');
    HG_CHECK(strlen(got) > n + 15 && strncmp(got + n + 15, tag, strlen(tag)) == 0);
    HG_CHECK(strstr(got, text) != NULL && strchr(got, '\n') == NULL);
}

HG_TEST(syslog_gets_a_datagram_for_each_line)
{
    char to[160];
    make_folder();
    const char *path = in_folder("log");
    snprintf(to, sizeof(to), "syslog:%s", path);
    const struct hg_log_target target = {.to = to, .facility = 16};
    HG_CHECK(hg_log_open(&target, HG_LOG_INFO, err, sizeof(err)) == NULL);
    HG_CHECK(strstr(err, "No such file") != NULL);
    int fd = logger(path);
    struct hg_log *log = hg_log_open(&target, HG_LOG_DEBUG, err, sizeof(err));
    HG_NEED(log != NULL);
    hg_log_event(log, HG_LOG_ERROR, HG_EVENT_STATUS, "level\":\"debug");
    hg_log_event(log, HG_LOG_WARN, HG_EVENT_RELOAD, "x");
    hg_log_event(log, HG_LOG_INFO, HG_EVENT_STARTUP, "x");
    hg_log_event(log, HG_LOG_DEBUG, HG_EVENT_CONTROL, "x");
    HG_CHECK(hg_log_flush(log));
    check_datagram(receive(fd), "<131>", "\"event\":\"status\"");
    check_datagram(receive(fd), "<132>", "\"event\":\"reload\"");
    check_datagram(receive(fd), "<134>", "\"event\":\"startup\"");
    check_datagram(receive(fd), "<135>", "\"event\":\"control\"");
    HG_CHECK_STR(receive(fd), "");
    /* Started anew: the next line finds it. */
    close(fd);
    unlink(path);
    fd = logger(path);
    hg_log_line(log, HG_LIT("again"));
    HG_CHECK(hg_log_flush(log));
    check_datagram(receive(fd), "<134>", "again");
    /* Gone: lines are lost, and counted. */
    close(fd);
    unlink(path);
    hg_log_line(log, HG_LIT("lost"));
    (void)hg_log_flush(log);
    HG_CHECK_U64(hg_log_dropped(log), 1);
    hg_log_free(log, 0);
    rmdir(folder);
}

/* A disk that is full, and then is not. */
HG_TEST(a_full_disk_costs_lines_but_not_their_form)
{
    char out[1024];
    struct rlimit old, small;
    make_folder();
    const char *path = in_folder("a.log");
    const struct hg_log_target to = {.to = path};
    struct hg_log *log = hg_log_open(&to, HG_LOG_INFO, err, sizeof(err));
    HG_NEED(log != NULL && getrlimit(RLIMIT_FSIZE, &old) == 0);
    small = old;
    small.rlim_cur = 14;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    HG_NEED(setrlimit(RLIMIT_FSIZE, &small) == 0);
    hg_log_line(log, HG_LIT("one-line"));
    hg_log_line(log, HG_LIT("another-line"));
    hg_log_line(log, HG_LIT("a-third"));
    HG_CHECK(hg_log_flush(log));
    HG_CHECK_U64(hg_log_dropped(log), 2);
    hg_log_line(log, HG_LIT("a-fourth"));
    HG_CHECK(hg_log_flush(log));
    HG_CHECK_U64(hg_log_dropped(log), 3);
    HG_CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0);
    signal(SIGXFSZ, handler);
    hg_log_line(log, HG_LIT("a-fifth"));
    hg_log_line(log, HG_LIT("a-sixth"));
    hg_log_free(log, 100);
    slurp(path, out, sizeof(out));
    HG_CHECK(strncmp(out, "one-line\nanoth\n{\"timestamp\":", 28) == 0);
    char *said = strstr(out, "\"event\":\"log-dropped\",\"lines\":3}\na-fifth\na-sixth\n");
    HG_CHECK(said != NULL && said[strlen(said) - 1] == '\n' && strstr(said + 20, "log-dropped") == NULL);
    unlink(path);
    rmdir(folder);
}

HG_TEST(the_number_of_lost_lines_is_said_when_somebody_listens_again)
{
    char to[160], said[64];
    make_folder();
    const char *path = in_folder("log");
    snprintf(to, sizeof(to), "syslog:%s", path);
    const struct hg_log_target target = {.to = to, .facility = 3};
    int fd = logger(path);
    struct hg_log *log = hg_log_open(&target, HG_LOG_INFO, err, sizeof(err));
    HG_NEED(log != NULL);
    close(fd);
    unlink(path);
    for (int i = 0; i < 5; i++) {
        hg_log_line(log, HG_LIT("lost"));
        HG_CHECK(hg_log_flush(log));
    }
    HG_CHECK_U64(hg_log_dropped(log), 5);
    fd = logger(path);
    hg_log_line(log, HG_LIT("heard"));
    HG_CHECK(hg_log_flush(log));
    snprintf(said, sizeof(said), "\"event\":\"log-dropped\",\"lines\":5}");
    check_datagram(receive(fd), "<28>", said);
    check_datagram(receive(fd), "<30>", "heard");
    HG_CHECK_STR(receive(fd), "");
    hg_log_free(log, 0);
    close(fd);
    unlink(path);
    rmdir(folder);
}

HG_TEST(a_slow_syslog_is_waited_for)
{
    char to[160];
    unsigned got = 0;
    make_folder();
    const char *path = in_folder("log");
    snprintf(to, sizeof(to), "syslog:%s", path);
    const struct hg_log_target target = {.to = to, .facility = 3};
    int fd = logger(path);
    struct hg_log *log = hg_log_open(&target, HG_LOG_INFO, err, sizeof(err));
    HG_NEED(log != NULL);
    for (int i = 0; i < 1000; i++)
        hg_log_line(log, HG_LIT("x"));
    HG_CHECK(!hg_log_flush(log));
    for (bool all = false; !all;) {
        all = hg_log_flush(log);
        while (receive(fd)[0] != '\0')
            got++;
    }
    HG_CHECK_U64(got, 1000);
    HG_CHECK_U64(hg_log_dropped(log), 0);
    hg_log_free(log, 0);
    close(fd);
    unlink(path);
    rmdir(folder);
}

HG_TEST(the_level_can_change)
{
    int fds[2];
    enum hg_log_level level = HG_LOG_INFO;
    HG_NEED(pipe(fds) == 0);
    struct hg_log *log = hg_log_new(fds[1], HG_LOG_INFO);
    HG_NEED(log != NULL);
    HG_CHECK(hg_log_level_read("error", &level) && level == HG_LOG_ERROR);
    HG_CHECK(!hg_log_level_read("loud", &level) && !hg_log_level_read("", &level) && level == HG_LOG_ERROR);
    hg_log_set_level(log, level);
    HG_CHECK(hg_log_level(log) == HG_LOG_ERROR && !hg_log_on(log, HG_LOG_WARN));
    HG_CHECK_STR(hg_log_level_name(HG_LOG_DEBUG), "debug");
    hg_log_free(log, 0);
    close(fds[0]);
    close(fds[1]);
}
