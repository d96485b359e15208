/* SPDX-License-Identifier: MIT
 *
 * Intrusive doubly-linked list. A node is either in one list or `hg_list_init`ed
 * (points to itself); removing a node twice is harmless.
 */
#ifndef HG_BASE_LIST_H
#define HG_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"

struct hg_list {
    struct hg_list *next, *prev;
};

static inline void hg_list_init(struct hg_list *l)
{
    l->next = l->prev = l;
}

static inline bool hg_list_empty(const struct hg_list *l)
{
    return l->next == l;
}

static inline void hg_list_remove(struct hg_list *n)
{
    n->prev->next = n->next;
    n->next->prev = n->prev;
    hg_list_init(n);
}

/* Takes the first node of a list that is not empty. Loops that free what they take use it: the list's own
 * links change, so that a static analyser sees the node leave. */
static inline struct hg_list *hg_list_pop(struct hg_list *head)
{
    struct hg_list *n = head->next;

    HG_ASSERT(n != head);
    head->next = n->next;
    n->next->prev = head;
    hg_list_init(n);
    return n;
}

static inline void hg_list_push_back(struct hg_list *head, struct hg_list *n)
{
    HG_ASSERT(hg_list_empty(n));
    n->prev = head->prev;
    n->next = head;
    head->prev->next = n;
    head->prev = n;
}

static inline void hg_list_push_front(struct hg_list *head, struct hg_list *n)
{
    hg_list_push_back(head->next, n);
}

#define HG_LIST_POP(head, type, member) HG_CONTAINER_OF(hg_list_pop(head), type, member)
#define HG_LIST_FIRST(head, type, member) HG_CONTAINER_OF((head)->next, type, member)
#define HG_LIST_LAST(head, type, member) HG_CONTAINER_OF((head)->prev, type, member)

#endif
