/* SPDX-License-Identifier: MIT
 *
 * The command line: finds the command and calls it.
 */
#include <stdio.h>
#include <string.h>

#include "cmd.h"

static const char usage[] =
    "usage: hdrgate [run] -f FILE|DIR [-f ...] [--env-file PATH ...]\n"
    "               [--ready-file PATH]                              serve\n"
    "       hdrgate check [--strict] [--resolve] -f FILE|DIR [-f ...]  check the "
    "configuration (also: hdrgate -c -f ...)\n"
    "       hdrgate dump -f FILE|DIR [-f ...]                        print the "
    "effective configuration\n"
    "       hdrgate explain -f FILE|DIR [-f ...] METHOD URL [-H 'NAME: VALUE' ...]\n"
    "               [--frontend NAME] [--from ADDRESS] [--resolve] [--json]   show what would become "
    "of a request, and why\n"
    "       hdrgate test [-f FILE|DIR ...] FIXTURES ...              run "
    "fixtures, without a network\n"
    "       hdrgate keys [--json] [NAME ...]                         the keys "
    "of the configuration\n"
    "       hdrgate reload|drain|status|log-reopen [--json] [--control PATH]  ask a "
    "running hdrgate\n"
    "       hdrgate log-level [LEVEL]\n"
    "       hdrgate server enable|drain|disable BACKEND/SERVER\n"
    "       hdrgate version\n"
    "       hdrgate help\n";

static int help(void)
{
    fputs(usage, stdout);
    return 0;
}

static int version(void)
{
    puts("hdrgate " HG_VERSION);
    return 0;
}

/* HAProxy's habit: -c anywhere among the options means check. */
static int bare(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-c") == 0) {
            for (int j = i; j + 1 < argc; j++)
                argv[j] = argv[j + 1];
            return cmd_check(argc - 1, argv);
        }
        if (strcmp(argv[i], "-f") == 0)
            i++;
    }
    return cmd_run(argc, argv);
}

int main(int argc, char **argv)
{
    static const char *const control[] = {"reload", "drain", "status", "log-level", "log-reopen", "server"};
    const char *word = argc > 1 ? argv[1] : "";

    if (strcmp(word, "run") == 0)
        return cmd_run(argc - 1, argv + 1);
    if (strcmp(word, "check") == 0)
        return cmd_check(argc - 1, argv + 1);
    if (strcmp(word, "dump") == 0)
        return cmd_dump(argc - 1, argv + 1);
    if (strcmp(word, "explain") == 0)
        return cmd_explain(argc - 1, argv + 1);
    if (strcmp(word, "test") == 0)
        return cmd_test(argc - 1, argv + 1);
    if (strcmp(word, "keys") == 0)
        return cmd_keys(argc - 1, argv + 1);
    for (size_t i = 0; i < sizeof(control) / sizeof(control[0]); i++)
        if (strcmp(word, control[i]) == 0)
            return cmd_control(argc - 1, argv + 1);
    if (strcmp(word, "version") == 0 || strcmp(word, "--version") == 0 || strcmp(word, "-v") == 0)
        return version();
    if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return help();
    if (word[0] == '-')
        return bare(argc, argv);
    fputs(usage, stderr);
    if (word[0] != '\0')
        fprintf(stderr, "hdrgate: there is no command \"%s\"\n", word);
    return 2;
}
