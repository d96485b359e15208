/* SPDX-License-Identifier: MIT
 *
 * An allocator that asks for a variable and for a token in every call, as some do in their first one. Loaded
 * before the program, it shows that getenv does not allocate.
 */
#include <stdbool.h>
#include <stdlib.h>

#define EXPORTED __attribute__((visibility("default")))

void *__libc_malloc(size_t n);               /* NOLINT(bugprone-reserved-identifier) */
void *__libc_calloc(size_t count, size_t n); /* NOLINT(bugprone-reserved-identifier) */

static __thread int depth;

static void ask(void)
{
    if (depth++ > 0)
        abort();
    if (getenv("ALLOCATOR_OPTIONS") != NULL)
        abort();
    depth--;
}

EXPORTED void *malloc(size_t n)
{
    ask();
    return __libc_malloc(n);
}

EXPORTED void *calloc(size_t count, size_t n)
{
    ask();
    return __libc_calloc(count, n);
}
