/* SPDX-License-Identifier: MIT
 *
 * How important a line of the log is.
 */
#ifndef HG_BASE_LOG_LEVEL_H
#define HG_BASE_LOG_LEVEL_H

enum hg_log_level { HG_LOG_DEBUG, HG_LOG_INFO, HG_LOG_WARN, HG_LOG_ERROR };

#endif
