/* SPDX-License-Identifier: MIT
 *
 * Plain streams.
 */
#include "io/stream.h"

#include <sys/socket.h>
#include <unistd.h>

#include "world.h"

static void echo_both(void (*pair)(int *), size_t total, size_t piece)
{
    struct world w;
    struct echo e;
    struct pump p;
    int fd[2];

    world_begin(&w);
    pair(fd);
    echo_begin(&e, w.loop, hg_stream_accepted(w.loop, fd[0], NULL));
    pump_begin(&p, w.loop, hg_stream_accepted(w.loop, fd[1], NULL), total, piece);
    p.half_close = true;
    HG_CHECK(world_run(&w));
    HG_CHECK_U64(p.got, total);
    HG_CHECK(!p.wrong && !p.failed && p.ended);
    HG_CHECK(e.ended && !e.failed);
    echo_end(&e);
    pump_end(&p);
    world_end(&w);
}

HG_TEST(echoes_a_mebibyte_over_tcp)
{
    echo_both(pair_tcp, 1 << 20, 65536);
}

HG_TEST(echoes_a_mebibyte_over_a_unix_socket)
{
    echo_both(pair_unix, 1 << 20, 65536);
}

HG_TEST(echoes_small_writes)
{
    echo_both(pair_tcp, 5000, 3);
}

HG_TEST(reports_end_again_and_reset)
{
    struct world w;
    struct hg_stream *a, *b;
    char c[8];
    int fd[2];

    world_begin(&w);
    pair_tcp(fd);
    a = hg_stream_accepted(w.loop, fd[0], NULL);
    b = hg_stream_accepted(w.loop, fd[1], NULL);
    HG_NEED(a != NULL && b != NULL);
    HG_CHECK(hg_stream_read(a, c, sizeof c) == HG_STREAM_AGAIN);
    HG_CHECK(hg_stream_established(a));
    HG_CHECK(hg_stream_tls_version(a) == NULL);
    HG_CHECK(!hg_stream_pending(a));
    HG_CHECK_U64(hg_stream_fd(a), fd[0]);
    HG_CHECK(hg_stream_write(b, "xy", 2) == 2);
    hg_stream_shutdown(b);
    HG_CHECK(hg_stream_read(a, c, sizeof c) == 2);
    HG_CHECK(hg_stream_read(a, c, sizeof c) == HG_STREAM_EOF);
    hg_stream_abort(&b);
    HG_CHECK(b == NULL);
    HG_CHECK(hg_stream_write(a, "x", 1) == HG_STREAM_ERROR);
    HG_CHECK_STR(hg_stream_error(a), "Broken pipe"); /* the reset stands behind the end already read */
    HG_CHECK(hg_stream_write(a, "x", 1) == HG_STREAM_ERROR);
    HG_CHECK(hg_stream_read(a, c, sizeof c) ==
             HG_STREAM_EOF); /* a failed write does not hide what was said */
    hg_stream_close(&a);
    hg_stream_close(&a);
    world_end(&w);
}

HG_TEST(abort_is_seen_as_reset)
{
    struct world w;
    struct hg_stream *a, *b;
    char c[8];
    int fd[2];

    world_begin(&w);
    pair_tcp(fd);
    a = hg_stream_accepted(w.loop, fd[0], NULL);
    b = hg_stream_accepted(w.loop, fd[1], NULL);
    HG_NEED(a != NULL && b != NULL);
    hg_stream_abort(&b);
    HG_CHECK(hg_stream_read(a, c, sizeof c) == HG_STREAM_ERROR);
    HG_CHECK_STR(hg_stream_error(a), "Connection reset by peer");
    HG_CHECK(!hg_stream_idle_ok(a));
    hg_stream_close(&a);
    world_end(&w);
}

HG_TEST(idle_means_open_and_silent)
{
    struct world w;
    struct hg_stream *a, *b;
    char c;
    int fd[2];

    world_begin(&w);
    pair_tcp(fd);
    a = hg_stream_accepted(w.loop, fd[0], NULL);
    b = hg_stream_accepted(w.loop, fd[1], NULL);
    HG_NEED(a != NULL && b != NULL);
    HG_CHECK(hg_stream_idle_ok(a));
    HG_CHECK(hg_stream_write(b, "x", 1) == 1);
    HG_CHECK(!hg_stream_idle_ok(a));
    HG_CHECK(hg_stream_read(a, &c, 1) == 1);
    HG_CHECK(hg_stream_idle_ok(a));
    hg_stream_close(&b);
    HG_CHECK(!hg_stream_idle_ok(a));
    hg_stream_close(&a);
    world_end(&w);
}

HG_TEST(a_full_socket_says_again)
{
    struct world w;
    struct hg_stream *a, *b;
    static char block[65536];
    ssize_t n = 1;
    int fd[2];

    world_begin(&w);
    pair_unix(fd);
    a = hg_stream_accepted(w.loop, fd[0], NULL);
    b = hg_stream_accepted(w.loop, fd[1], NULL);
    HG_NEED(a != NULL && b != NULL);
    for (int i = 0; i < 1000 && n > 0; i++)
        n = hg_stream_write(a, block, sizeof block);
    HG_CHECK(n == HG_STREAM_AGAIN);
    hg_stream_close(&a);
    hg_stream_close(&b);
    world_end(&w);
}
