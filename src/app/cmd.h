/* SPDX-License-Identifier: MIT
 *
 * The commands. argv[0] is the command's word; each returns the exit status:
 * 0, 1 (failed; it said why), 2 (wrong usage).
 */
#ifndef HG_APP_CMD_H
#define HG_APP_CMD_H

int cmd_run(int argc, char **argv);
/* A command for a running hdrgate: reload, drain, status, log-level, log-reopen, server. */
int cmd_control(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_dump(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_keys(int argc, char **argv);
int cmd_test(int argc, char **argv);

#endif
