/* SPDX-License-Identifier: MIT
 *
 * Slots: where the plan finds the current value of a secret. Reading the pointer
 * and taking the reference are one step under a mutex that is held for no
 * longer. A group has no value of its own; which member's is sent is decided per
 * request.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/secret.h"

#define MAGIC_SLOT 0x5ec7e702u

struct hg_secret_slot {
    uint32_t magic;
    atomic_uint refs;
    pthread_mutex_t lock; /* around value, version, rest_until and next */
    struct hg_secret *value;
    uint64_t version;
    uint64_t rest_until;
    char *name, *source;
    bool passing;
    struct hg_secret_slot **member; /* a group */
    size_t members, next;
    bool in_order;
};

struct hg_secret_slot *hg_secret_slot_new(const char *name, const char *source)
{
    struct hg_secret_slot *slot = calloc(1, sizeof(*slot));
    if (!slot)
        return NULL;
    slot->magic = MAGIC_SLOT;
    atomic_init(&slot->refs, 1);
    slot->name = strdup(name);
    slot->source = strdup(source);
    if (!slot->name || !slot->source || pthread_mutex_init(&slot->lock, NULL) != 0) {
        free(slot->name);
        free(slot->source);
        free(slot);
        return NULL;
    }
    return slot;
}

struct hg_secret_slot *hg_secret_slot_group(const char *name, const char *source,
                                            struct hg_secret_slot *const *member, size_t n, bool in_order)
{
    HG_ASSERT(n > 0);
    struct hg_secret_slot *slot = hg_secret_slot_new(name, source);
    if (!slot)
        return NULL;
    slot->member = calloc(n, sizeof(struct hg_secret_slot *));
    if (!slot->member) {
        hg_secret_slot_free(slot);
        return NULL;
    }
    slot->in_order = in_order;
    for (size_t i = 0; i < n; i++) {
        HG_ASSERT(member[i]->members == 0);
        slot->member[slot->members++] = hg_secret_slot_ref(member[i]);
        slot->passing |= member[i]->passing;
    }
    return slot;
}

struct hg_secret_slot *hg_secret_slot_ref(struct hg_secret_slot *slot)
{
    HG_ASSERT(slot && slot->magic == MAGIC_SLOT);
    unsigned before = atomic_fetch_add_explicit(&slot->refs, 1, memory_order_relaxed);
    HG_ASSERT(before > 0);
    return slot;
}

void hg_secret_slot_free(struct hg_secret_slot *slot)
{
    if (!slot)
        return;
    HG_ASSERT(slot->magic == MAGIC_SLOT);
    unsigned before = atomic_fetch_sub_explicit(&slot->refs, 1, memory_order_acq_rel);
    HG_ASSERT(before > 0);
    if (before > 1)
        return;
    hg_secret_release(&slot->value);
    for (size_t i = 0; i < slot->members; i++)
        hg_secret_slot_free(slot->member[i]);
    free(slot->member);
    pthread_mutex_destroy(&slot->lock);
    free(slot->name);
    free(slot->source);
    slot->magic = 0;
    free(slot);
}

bool hg_secret_slot_shared(const struct hg_secret_slot *slot)
{
    HG_ASSERT(slot && slot->magic == MAGIC_SLOT);
    return atomic_load_explicit(&slot->refs, memory_order_acquire) > 1;
}

const char *hg_secret_slot_name(const struct hg_secret_slot *slot)
{
    HG_ASSERT(slot && slot->magic == MAGIC_SLOT);
    return slot->name;
}

const char *hg_secret_slot_source(const struct hg_secret_slot *slot)
{
    HG_ASSERT(slot && slot->magic == MAGIC_SLOT);
    return slot->source;
}

void hg_secret_slot_set_passing(struct hg_secret_slot *slot)
{
    HG_ASSERT(slot && slot->magic == MAGIC_SLOT);
    slot->passing = true;
}

bool hg_secret_slot_passing(const struct hg_secret_slot *slot)
{
    HG_ASSERT(slot && slot->magic == MAGIC_SLOT);
    return slot->passing;
}

void hg_secret_slot_set(struct hg_secret_slot *slot, struct hg_secret *value)
{
    HG_ASSERT(slot && slot->magic == MAGIC_SLOT && slot->members == 0);
    pthread_mutex_lock(&slot->lock);
    struct hg_secret *old = slot->value;
    slot->value = value;
    slot->rest_until = 0;
    if (value)
        slot->version++;
    pthread_mutex_unlock(&slot->lock);
    hg_secret_release(&old);
}

uint64_t hg_secret_slot_version(struct hg_secret_slot *slot)
{
    HG_ASSERT(slot && slot->magic == MAGIC_SLOT);
    pthread_mutex_lock(&slot->lock);
    uint64_t version = slot->version;
    pthread_mutex_unlock(&slot->lock);
    return version;
}

uint64_t hg_secret_slot_made(struct hg_secret_slot *slot)
{
    HG_ASSERT(slot && slot->magic == MAGIC_SLOT);
    pthread_mutex_lock(&slot->lock);
    uint64_t made = slot->value ? hg_secret_made(slot->value) : 0;
    pthread_mutex_unlock(&slot->lock);
    return made;
}

static void note(struct hg_secret_uses *uses, struct hg_secret_slot *slot, struct hg_secret_slot *member,
                 uint64_t version)
{
    if (!uses || uses->n == HG_SECRET_USES)
        return;
    for (size_t i = 0; i < uses->n; i++) {
        if (uses->v[i].slot == slot && uses->v[i].member == member)
            return;
    }
    uses->v[uses->n++] = (struct hg_secret_use){slot, member, version};
}

/* The value of a plain slot, for a rule that names `as`. */
static struct hg_secret *take_from(struct hg_secret_slot *slot, struct hg_secret_slot *as,
                                   struct hg_secret_uses *uses)
{
    pthread_mutex_lock(&slot->lock);
    struct hg_secret *value = slot->value ? hg_secret_ref(slot->value) : NULL;
    uint64_t version = slot->version;
    pthread_mutex_unlock(&slot->lock);
    if (value)
        note(uses, as, slot, version);
    return value;
}

/* The member that this request had before. */
static struct hg_secret_slot *chosen(const struct hg_secret_slot *group, const struct hg_secret_uses *uses)
{
    for (size_t i = 0; uses && i < uses->n; i++) {
        if (uses->v[i].slot == group)
            return uses->v[i].member;
    }
    return NULL;
}

static struct hg_secret *take_member(struct hg_secret_slot *group, struct hg_secret_uses *uses)
{
    struct hg_secret_slot *before = chosen(group, uses);
    struct hg_secret *value = before ? take_from(before, group, NULL) : NULL;
    if (value)
        return value;
    pthread_mutex_lock(&group->lock);
    size_t first = group->in_order ? 0 : group->next++ % group->members;
    pthread_mutex_unlock(&group->lock);
    uint64_t soonest = 0;
    for (size_t i = 0; i < group->members; i++) {
        struct hg_secret_slot *m = group->member[(first + i) % group->members];
        uint64_t until = uses ? hg_secret_slot_resting(m) : 0;
        if (uses && until > uses->now) {
            soonest = soonest == 0 || until < soonest ? until : soonest;
            continue;
        }
        value = take_from(m, group, uses);
        if (value)
            return value;
    }
    if (uses)
        uses->resting_until = soonest;
    return NULL;
}

struct hg_secret *hg_secret_slot_take_for(struct hg_secret_slot *slot, struct hg_secret_uses *uses)
{
    HG_ASSERT(slot && slot->magic == MAGIC_SLOT);
    return slot->members > 0 ? take_member(slot, uses) : take_from(slot, slot, uses);
}

struct hg_secret *hg_secret_slot_take(struct hg_secret_slot *slot)
{
    return hg_secret_slot_take_for(slot, NULL);
}

void hg_secret_slot_rest(struct hg_secret_slot *slot, uint64_t until)
{
    HG_ASSERT(slot && slot->magic == MAGIC_SLOT && slot->members == 0);
    pthread_mutex_lock(&slot->lock);
    if (until > slot->rest_until)
        slot->rest_until = until;
    pthread_mutex_unlock(&slot->lock);
}

uint64_t hg_secret_slot_resting(struct hg_secret_slot *slot)
{
    HG_ASSERT(slot && slot->magic == MAGIC_SLOT);
    pthread_mutex_lock(&slot->lock);
    uint64_t until = slot->rest_until;
    pthread_mutex_unlock(&slot->lock);
    return until;
}

bool hg_secret_slot_group_ready(struct hg_secret_slot *slot, uint64_t now)
{
    HG_ASSERT(slot && slot->magic == MAGIC_SLOT);
    for (size_t i = 0; i < slot->members; i++) {
        struct hg_secret_slot *m = slot->member[i];
        pthread_mutex_lock(&m->lock);
        bool ready = m->value != NULL && m->rest_until <= now;
        pthread_mutex_unlock(&m->lock);
        if (ready)
            return true;
    }
    return false;
}
