/* SPDX-License-Identifier: MIT
 *
 * --resolve of check and explain.
 */
#ifndef HG_APP_RESOLVE_H
#define HG_APP_RESOLVE_H

#include "plan/plan.h"

/* Runs every command of the plan once and waits for it, and reads its files. False: a source has no value
 * then; a line on stderr says which and why, and its slot is empty. */
bool resolve_secrets(struct hg_plan *plan);

#endif
