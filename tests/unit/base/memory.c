/* SPDX-License-Identifier: MIT
 *
 * Arena, buffer, list: ceilings, wiping, and no byte lost on the way.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/list.h"
#include "support/unit.h"

HG_TEST(arena_gives_aligned_memory_and_keeps_it)
{
    struct hg_arena a;
    char *kept[64];
    hg_arena_init(&a, 1u << 20);
    HG_CHECK(a.blocks == NULL);
    for (size_t i = 0; i < 64; i++) {
        kept[i] = hg_arena_alloc(&a, i * 37);
        HG_NEED(kept[i] != NULL);
        HG_CHECK((uintptr_t)kept[i] % _Alignof(max_align_t) == 0);
        memset(kept[i], (int)i, i * 37);
    }
    for (size_t i = 1; i < 64; i++)
        HG_CHECK(kept[i][0] == (char)i && kept[i][i * 37 - 1] == (char)i);
    hg_arena_reset(&a);
    HG_CHECK(a.blocks == NULL && a.used == 0);
}

HG_TEST(arena_has_a_ceiling)
{
    struct hg_arena a;
    hg_arena_init(&a, 10000);
    HG_CHECK(hg_arena_alloc(&a, 10001) == NULL);
    HG_CHECK(hg_arena_alloc(&a, SIZE_MAX) == NULL);
    HG_CHECK(hg_arena_alloc(&a, 9000) != NULL);
    HG_CHECK(hg_arena_alloc(&a, 2000) == NULL);
    HG_CHECK(hg_arena_alloc(&a, 500) != NULL);
    hg_arena_reset(&a);
    HG_CHECK(hg_arena_alloc(&a, 9000) != NULL);
    hg_arena_reset(&a);
}

HG_TEST(arena_text)
{
    struct hg_arena a;
    hg_arena_init(&a, 4096);
    HG_CHECK_SLICE(hg_arena_copy(&a, hg_guarded_str("abc")), "abc");
    HG_CHECK(hg_arena_copy(&a, hg_slice(NULL, 0)).p != NULL);
    HG_CHECK_SLICE(hg_arena_join(&a, hg_guarded_str("ab"), hg_guarded_str("cd")), "abcd");
    HG_CHECK_SLICE(hg_arena_printf(&a, "%d-%s", 42, "x"), "42-x");
    HG_CHECK(hg_arena_printf(&a, "%5000d", 1).p == NULL);
    HG_CHECK(hg_arena_join(&a, hg_slice("x", SIZE_MAX), hg_slice("y", 2)).p == NULL);
    hg_arena_reset(&a);
}

HG_TEST(buffer_keeps_bytes_in_order)
{
    struct hg_buf b;
    unsigned char in = 0, out = 0;
    unsigned random = 12345;
    hg_buf_init(&b, 5000, true);
    for (unsigned round = 0; round < 3000; round++) {
        random = random * 1103515245u + 12345u;
        size_t n = random >> 16 & 511, room;
        if (n > 0 && n <= hg_buf_space(&b)) {
            char *to = hg_buf_reserve(&b, n, &room);
            HG_NEED(to != NULL && room >= n && room <= 5000);
            for (size_t i = 0; i < n; i++)
                to[i] = (char)in++;
            hg_buf_commit(&b, n);
        }
        size_t take = random >> 8 & 511;
        take = take < hg_buf_len(&b) ? take : hg_buf_len(&b);
        for (size_t i = 0; i < take; i++)
            if ((unsigned char)hg_buf_data(&b).p[i] != out++)
                CU_FAIL("bytes out of order");
        hg_buf_consume(&b, take);
        HG_CHECK(b.cap <= 5000);
    }
    hg_buf_free(&b);
    HG_CHECK(b.mem == NULL);
}

HG_TEST(buffer_ceiling_is_exact)
{
    struct hg_buf b;
    hg_buf_init(&b, 10, false);
    HG_CHECK(hg_buf_append(&b, HG_LIT("0123456789")));
    HG_CHECK(!hg_buf_append(&b, HG_LIT("x")));
    HG_CHECK(hg_buf_append(&b, HG_LIT("")));
    HG_CHECK(hg_buf_reserve(&b, 1, NULL) == NULL);
    hg_buf_consume(&b, 4);
    HG_CHECK_U64(hg_buf_space(&b), 4);
    HG_CHECK(!hg_buf_append(&b, HG_LIT("abcde")));
    HG_CHECK(hg_buf_printf(&b, "%s", "abcd"));
    HG_CHECK(!hg_buf_printf(&b, "%s", "e"));
    HG_CHECK_SLICE(hg_buf_data(&b), "456789abcd");
    hg_buf_trim(&b);
    HG_CHECK_U64(hg_buf_len(&b), 10);
    hg_buf_consume(&b, 10);
    hg_buf_trim(&b);
    HG_CHECK(b.mem == NULL && b.cap == 0);
    hg_buf_free(&b);
}

HG_TEST(buffer_wipes_what_is_consumed)
{
    struct hg_buf b;
    hg_buf_init(&b, 4096, true);
    HG_NEED(hg_buf_append(&b, HG_LIT("secretpublic")));
    const char *mem = b.mem;
    hg_buf_consume(&b, 6);
    HG_CHECK(memcmp(mem, "\0\0\0\0\0\0public", 12) == 0);
    hg_buf_free(&b);
}

struct item {
    int v;
    struct hg_list node;
};

HG_TEST(list_order_and_double_removal)
{
    struct hg_list head;
    struct item a = {.v = 1}, b = {.v = 2};
    hg_list_init(&head);
    hg_list_init(&a.node);
    hg_list_init(&b.node);
    hg_list_push_back(&head, &a.node);
    hg_list_push_front(&head, &b.node);
    HG_CHECK(HG_LIST_FIRST(&head, struct item, node)->v == 2);
    HG_CHECK(HG_LIST_LAST(&head, struct item, node)->v == 1);
    hg_list_remove(&b.node);
    hg_list_remove(&b.node);
    HG_CHECK(HG_LIST_FIRST(&head, struct item, node)->v == 1);
    hg_list_remove(&a.node);
    HG_CHECK(hg_list_empty(&head));
}
