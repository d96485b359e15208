/* SPDX-License-Identifier: MIT
 *
 * Keys of tables as digests: whatever a client sends takes the same room, and
 * nothing of it (it may be a credential) stays in memory.
 */
#ifndef HG_POLICY_KEY_H
#define HG_POLICY_KEY_H

#include "base/slice.h"

struct hg_key {
    uint64_t v[2];
};

/* SipHash-2-4 with 128 bits: without the seed nobody finds two texts with one digest, or many for one bucket.
 */
struct hg_key hg_key_of(const struct hg_key *seed, struct hg_slice text);

/* A new seed. False: the system has no randomness. */
bool hg_key_seed(struct hg_key *seed);

static inline bool hg_key_same(const struct hg_key *a, const struct hg_key *b)
{
    return a->v[0] == b->v[0] && a->v[1] == b->v[1];
}

#endif
