/* SPDX-License-Identifier: MIT
 *
 * A program that does with its environment what its arguments say, in their order, and prints what it saw: a
 * line for each, "-" where there is nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define THREADS 6
#define ROUNDS 2000
#define FORKS 50

static const char *const tokens[] = {"GITHUB_TOKEN", "GH_TOKEN", "OPENAI_API_KEY"};

/* The program's own path: /proc/self/exe would be valgrind's. */
static const char *self;

static void say(const char *what)
{
    puts(what != NULL ? what : "-");
    fflush(stdout);
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static const char *direct(const char *name)
{
    size_t n = strlen(name);
    for (char **at = environ; at != NULL && *at != NULL; at++) {
        if (strncmp(*at, name, n) == 0 && (*at)[n] == '=')
            return *at + n + 1;
    }
    return NULL;
}

/* The environment as the kernel shows it. */
static void proc(const char *what)
{
    static char text[1 << 16];
    int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fail("/proc/self/environ");
    ssize_t n = 0, got;
    while ((got = read(fd, text + n, sizeof text - (size_t)n)) > 0)
        n += got;
    close(fd);
    say(memmem(text, (size_t)n, what, strlen(what)) != NULL ? "there" : NULL);
}

/* The copies once more, so that none is lost when the library takes one out of the vector. */
static char **volatile copied;

static void copy_environ(void)
{
    size_t count = 0;
    while (environ[count] != NULL)
        count++;
    char **vector = calloc(2 * (count + 1), sizeof *vector);
    if (vector == NULL)
        fail("calloc");
    for (size_t i = 0; i < count; i++) {
        if ((vector[i] = strdup(environ[i])) == NULL)
            fail("strdup");
        vector[count + 1 + i] = vector[i];
    }
    copied = vector;
    environ = vector;
}

/* Runs itself with `vector`, past every function of libc that could be replaced. */
static void by_syscall(const char *name, char *const *vector)
{
    pid_t child = fork();
    if (child == 0) {
        char *const words[] = {(char *)"probe", (char *)"environ", (char *)name, NULL};
        syscall(SYS_execve, self, words, vector);
        _exit(127);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
        fail("a child");
}

static void by_vfork(const char *name)
{
    pid_t child = vfork();
    if (child == 0) {
        /* What the child of a vfork should not do, and programs do. */
        if (getenv(name) == NULL)
            _exit(126);
        execl(self, "probe", "environ", name, (char *)NULL);
        _exit(127);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
        fail("a child");
}

static void by_shell(const char *name)
{
    char command[128];
    snprintf(command, sizeof command, "printenv %s || echo -", name);
    if (system(command) != 0)
        fail("system");
}

static pthread_barrier_t together;
static atomic_bool wrong;

static void *reads(void *unused)
{
    (void)unused;
    pthread_barrier_wait(&together);
    for (int i = 0; i < ROUNDS; i++) {
        for (size_t k = 0; k < sizeof tokens / sizeof *tokens; k++) {
            const char *value = getenv(tokens[k]);
            if (value == NULL || strcmp(value, "hush") != 0)
                atomic_store(&wrong, true);
        }
    }
    return NULL;
}

static void *writes(void *unused)
{
    (void)unused;
    pthread_barrier_wait(&together);
    for (int i = 0; i < ROUNDS / 10; i++) {
        char name[32];
        snprintf(name, sizeof name, "WRITTEN_%d", i);
        if (setenv(name, "1", 1) != 0)
            atomic_store(&wrong, true);
    }
    return NULL;
}

/* Children of a program with threads find no lock that somebody holds. */
static void *forks(void *unused)
{
    (void)unused;
    pthread_barrier_wait(&together);
    for (int i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(20);
            const char *value = getenv(tokens[i % 3]);
            _exit(value != NULL && strcmp(value, "hush") == 0 ? 0 : 1);
        }
        int status = 1;
        if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
            atomic_store(&wrong, true);
    }
    return NULL;
}

static void threads(void)
{
    pthread_t thread[THREADS + 2];
    pthread_barrier_init(&together, NULL, THREADS + 2);
    for (int i = 0; i < THREADS + 2; i++) {
        if (pthread_create(&thread[i], NULL, i < THREADS ? reads : i == THREADS ? writes : forks, NULL) != 0)
            fail("pthread_create");
    }
    for (int i = 0; i < THREADS + 2; i++)
        pthread_join(thread[i], NULL);
    for (size_t k = 0; k < sizeof tokens / sizeof *tokens; k++) {
        if (direct(tokens[k]) != NULL)
            atomic_store(&wrong, true);
    }
    for (int i = 0; i < ROUNDS / 10; i++) {
        char name[32];
        snprintf(name, sizeof name, "WRITTEN_%d", i);
        if (direct(name) == NULL)
            atomic_store(&wrong, true);
    }
    say(atomic_load(&wrong) ? "wrong" : "right");
}

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
    (void)number;
    if (getenv(tokens[0]) == NULL)
        atomic_store(&wrong, true);
    signals++;
}

/* getenv in a handler, while the program is in getenv. */
static void handler(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    while (signals < 200) {
        if (getenv(tokens[0]) == NULL)
            atomic_store(&wrong, true);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    say(atomic_load(&wrong) ? "wrong" : "right");
}

/* The longest list of words that an operation takes is two. */
static int run(char **word)
{
    const char *op = word[0], *name = word[1];
    if (strcmp(op, "clear") == 0)
        return clearenv() != 0 ? -1 : 1;
    if (strcmp(op, "copy") == 0)
        return copy_environ(), 1;
    if (strcmp(op, "threads") == 0)
        return threads(), 1;
    if (strcmp(op, "handler") == 0)
        return handler(), 1;
    if (strcmp(op, "early") == 0)
        return say(probe_early()), 1;
    if (strcmp(op, "empty") == 0) {
        static char *nothing[] = {NULL};
        environ = nothing;
        return 1;
    }
    if (name == NULL)
        return -1;
    if (strcmp(op, "get") == 0)
        return say(getenv(name)), 2;
    if (strcmp(op, "secure") == 0)
        return say(secure_getenv(name)), 2;
    if (strcmp(op, "environ") == 0)
        return say(direct(name)), 2;
    if (strcmp(op, "proc") == 0)
        return proc(name), 2;
    if (strcmp(op, "shell") == 0)
        return by_shell(name), 2;
    if (strcmp(op, "vfork") == 0)
        return by_vfork(name), 2;
    if (strcmp(op, "syscall") == 0)
        return by_syscall(name, environ), 2;
    if (strcmp(op, "put") == 0)
        return putenv(word[1]) != 0 ? -1 : 2;
    if (strcmp(op, "unset") == 0)
        return unsetenv(name) != 0 ? -1 : 2;
    if (word[2] == NULL)
        return -1;
    if (strcmp(op, "set") == 0)
        return setenv(name, word[2], 1) != 0 ? -1 : 3;
    if (strcmp(op, "keep") == 0)
        return setenv(name, word[2], 0) != 0 ? -1 : 3;
    return -1;
}

int main(int argc, char **argv)
{
    self = argv[0];
    for (int i = 1; i < argc;) {
        int used = run(argv + i);
        if (used < 0) {
            fprintf(stderr, "%s: %s\n", argv[i], errno != 0 ? strerror(errno) : "not an operation");
            return 1;
        }
        i += used;
    }
    return 0;
}
