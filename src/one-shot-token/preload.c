/* SPDX-License-Identifier: MIT
 *
 * The functions that stand before libc's. This library is the one place with state of its own outside
 * src/app: it is loaded into programs that do not know it. getenv may be called before anything here was set
 * up, by malloc while it starts, and from signal handlers; so it allocates nothing, looks nothing up, and
 * takes its lock for tokens only, with signals blocked.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "take.h"

#define EXPORTED __attribute__((visibility("default")))

typedef char *getenv_fn(const char *name);
typedef int setenv_fn(const char *name, const char *value, int overwrite);
typedef int putenv_fn(char *string);
typedef int unsetenv_fn(const char *name);
typedef int clearenv_fn(void);

static struct {
    pthread_mutex_t lock; /* over `list` and every change to the environment */
    sigset_t mask;        /* of the thread that forks, while it holds the lock */
    atomic_bool ready;    /* all below is set, and stays but for the tokens' states */
    bool strict;
    struct hg_token_area area;
    struct hg_token_list list;
} one_shot = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The functions behind ours. Until the constructor ran, getenv does without. */
static struct {
    getenv_fn *_Atomic getenv;
    setenv_fn *_Atomic setenv;
    putenv_fn *_Atomic putenv;
    unsetenv_fn *_Atomic unsetenv;
    clearenv_fn *_Atomic clearenv;
} next;

static void lock(sigset_t *before)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, before);
    pthread_mutex_lock(&one_shot.lock);
}

static void unlock(const sigset_t *before)
{
    pthread_mutex_unlock(&one_shot.lock);
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

static char *plain(const char *name)
{
    size_t length = strlen(name);
    char **at = length > 0 ? hg_token_entry(environ, name, length) : NULL;
    return at != NULL ? *at + length + 1 : NULL;
}

static void measure(char **vector)
{
    one_shot.area =
        hg_token_area(vector, (char *)getauxval(AT_EXECFN)); /* NOLINT(performance-no-int-to-ptr) */
}

/* The settings are those of the first moment: what the program does to them later is too late. */
static bool prepared(void)
{
    if (atomic_load(&one_shot.ready))
        return true;
    if (environ == NULL)
        return false;
    sigset_t before;
    lock(&before);
    if (!atomic_load(&one_shot.ready)) {
        const char *strict = plain("AWF_ONE_SHOT_STRICT");
        one_shot.strict = strict != NULL && strcmp(strict, "1") == 0;
        hg_token_list_read(&one_shot.list, plain("AWF_ONE_SHOT_TOKENS"));
        measure(environ);
        atomic_store(&one_shot.ready, true);
    }
    unlock(&before);
    return true;
}

static struct hg_token *token_of(const char *name, size_t length)
{
    return prepared() ? hg_token_list_find(&one_shot.list, name, length) : NULL;
}

/* Pages of their own, which no core dump has. */
static char *keep(const char *bytes, size_t n)
{
    void *page = mmap(NULL, n + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return NULL;
    madvise(page, n + 1, MADV_DONTDUMP);
    return memcpy(page, bytes, n);
}

static char *read_variable(const char *name)
{
    struct hg_token *token = token_of(name, strlen(name));
    if (token == NULL) {
        getenv_fn *behind = atomic_load(&next.getenv);
        return behind != NULL ? behind(name) : plain(name);
    }
    int error = errno;
    sigset_t before;
    lock(&before);
    const char *value = hg_token_read(token, environ, &one_shot.area, one_shot.strict, keep);
    unlock(&before);
    errno = error;
    /* As libc's own: the caller may write there, at its own risk. */
    return (char *)value;
}

EXPORTED char *getenv(const char *name)
{
    return read_variable(name);
}

EXPORTED char *secure_getenv(const char *name)
{
    return getauxval(AT_SECURE) != 0 ? NULL : read_variable(name);
}

#define FIND(function)                              \
    do {                                            \
        void *symbol = dlsym(RTLD_NEXT, #function); \
        function##_fn *behind;                      \
        memcpy(&behind, &symbol, sizeof behind);    \
        atomic_store(&next.function, behind);       \
    } while (0)

static void find_next(void)
{
    FIND(getenv);
    FIND(setenv);
    FIND(putenv);
    FIND(unsetenv);
    FIND(clearenv);
}

/* The functions below may be called before the constructor ran, but not by malloc, which dlsym needs. */
static bool found(void)
{
    if (atomic_load(&next.clearenv) == NULL)
        find_next();
    return atomic_load(&next.clearenv) != NULL;
}

static int no_libc(void)
{
    errno = ENOSYS;
    return -1;
}

/* From here on the variable is the program's own business. */
static void let_go(struct hg_token *token, int result)
{
    if (token != NULL && result == 0)
        token->state = HG_TOKEN_OWN;
}

/* All changes stand under the lock, so that none meets a token that is being taken out. */
EXPORTED int setenv(const char *name, const char *value, int overwrite)
{
    if (!found())
        return no_libc();
    struct hg_token *token = name != NULL ? token_of(name, strlen(name)) : NULL;
    sigset_t before;
    int result = 0;
    lock(&before);
    /* One that was read is still there for the program, though environ does not have it. */
    bool there = token != NULL && (token->state == HG_TOKEN_TAKEN ||
                                   hg_token_entry(environ, token->name, token->length) != NULL);
    if (overwrite != 0 || !there) {
        result = atomic_load(&next.setenv)(name, value, overwrite);
        let_go(token, result);
    }
    unlock(&before);
    return result;
}

EXPORTED int putenv(char *string)
{
    if (!found())
        return no_libc();
    struct hg_token *token = token_of(string, strcspn(string, "="));
    sigset_t before;
    lock(&before);
    int result = atomic_load(&next.putenv)(string);
    let_go(token, result);
    unlock(&before);
    return result;
}

EXPORTED int unsetenv(const char *name)
{
    if (!found())
        return no_libc();
    struct hg_token *token = token_of(name, strlen(name));
    sigset_t before;
    lock(&before);
    int result = atomic_load(&next.unsetenv)(name);
    let_go(token, result);
    unlock(&before);
    return result;
}

EXPORTED int clearenv(void)
{
    if (!found())
        return no_libc();
    prepared();
    sigset_t before;
    lock(&before);
    int result = atomic_load(&next.clearenv)();
    for (size_t i = 0; i < one_shot.list.count; i++)
        let_go(&one_shot.list.token[i], result);
    unlock(&before);
    return result;
}

static void before_fork(void)
{
    sigset_t mask;
    lock(&mask);
    one_shot.mask = mask;
}

static void after_fork(void)
{
    sigset_t mask = one_shot.mask;
    unlock(&mask);
}

static void say_cut(void)
{
    static const char text[] =
        "hg-one-shot-token: AWF_ONE_SHOT_TOKENS names more than 64 variables or is longer than "
        "4095 bytes; what is over that is not protected\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
}

/* By now some library may have put a vector of its own into environ, before or after it called getenv;
 * `vector` is always the one of exec. */
__attribute__((constructor)) static void start(int argc, char **argv, char **vector)
{
    (void)argc;
    (void)argv;
    find_next();
    pthread_atfork(before_fork, after_fork, after_fork);
    if (!prepared())
        return;
    sigset_t before;
    lock(&before);
    measure(vector);
    unlock(&before);
    if (one_shot.list.cut)
        say_cut();
}
