/* SPDX-License-Identifier: MIT
 *
 * Guard pages: the kernel checks that a parser does not read past its input,
 * which holds in every build, also where no sanitizer runs.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/unit.h"

struct mapping {
    struct mapping *next;
    void *at;
    size_t size;
};

static struct mapping *mappings;

struct hg_slice hg_guarded(struct hg_slice s)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t usable = (s.n + page) / page * page;
    struct mapping *m = malloc(sizeof(*m));
    if (!m)
        abort();
    m->size = usable + page;
    m->at = mmap(NULL, m->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (m->at == MAP_FAILED || mprotect((char *)m->at + usable, page, PROT_NONE) != 0)
        abort();
    m->next = mappings;
    mappings = m;
    char *to = (char *)m->at + usable - s.n;
    if (s.n > 0)
        memcpy(to, s.p, s.n);
    return hg_slice(to, s.n);
}

struct hg_slice hg_guarded_str(const char *z)
{
    return hg_guarded(hg_slice_str(z));
}

void hg_guarded_reset(void)
{
    while (mappings) {
        struct mapping *m = mappings;
        mappings = m->next;
        munmap(m->at, m->size);
        free(m);
    }
}
