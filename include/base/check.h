/* SPDX-License-Identifier: MIT
 *
 * Assertions on our own state, on in every build. Never use them on bytes
 * from a peer or on a config: those get an error, not an abort.
 */
#ifndef HG_BASE_CHECK_H
#define HG_BASE_CHECK_H

#include <stddef.h>
#include <stdint.h>

_Noreturn void hg_check_failed(const char *expr, const char *file, int line);

#define HG_ASSERT(e) ((e) ? (void)0 : hg_check_failed(#e, __FILE__, __LINE__))

/* Is AddressSanitizer built in? gcc and clang say it differently. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HG_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(HG_ASAN)
#define HG_ASAN 1
#endif
#ifndef HG_ASAN
#define HG_ASAN 0
#endif

/* Magic numbers for objects that travel through `void *`. */
#define HG_CAST(type, magic_value, ptr) \
    ((type *)hg_cast_check((ptr), (magic_value), #type, __FILE__, __LINE__))

/* The magic is the first field (uint32_t) of every such object. */
static inline void *hg_cast_check(void *p, uint32_t magic, const char *what, const char *file, int line)
{
    if (p == NULL || *(const uint32_t *)p != magic)
        hg_check_failed(what, file, line);
    return p;
}

#define HG_CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
