/* SPDX-License-Identifier: MIT */
#ifndef HG_TESTS_PROBE_H
#define HG_TESTS_PROBE_H

/* What GITHUB_TOKEN was for the constructor of a library that the program needs; NULL where it has none. */
const char *probe_early(void);

#endif
