/* SPDX-License-Identifier: MIT
 *
 * The keys of the language, as a list for people and programs: what
 * doc/configuration.md is checked against, and what an editor can complete
 * from.
 */
#ifndef HG_TOOLS_KEYS_H
#define HG_TOOLS_KEYS_H

#include "base/buf.h"
#include "config/schema.h"

/* "backend.balance", "request.set-header", "include": the block's name and the key. Cut to fit. */
void hg_key_name(const struct hg_schema_key *key, char *out, size_t cap);

/* Writes the keys of this version that are meant by one of the names (a whole name, a block, or a key of any
 * block); n 0: all. As text, or as one JSON object. *unknown: the first name that means nothing, or NULL;
 * then nothing is written. False: the buffer's ceiling or memory. */
bool hg_keys_write(const char *const *name, size_t n, bool json, struct hg_buf *out, const char **unknown);

#endif
