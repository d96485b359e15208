/* SPDX-License-Identifier: MIT
 *
 * What was read as root at the start is read again as somebody else later. That
 * this cannot work is said now, and not when the first file rotates.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

struct check {
    const char *user;
    char *err;
    size_t errlen;
    bool ok;
};

/* A file that is not there (any more) is no mistake of permissions. */
static void file(struct check *c, const char *whose, const char *name, const char *path)
{
    if (!c->ok || path == NULL || faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0 ||
        (errno != EACCES && errno != EPERM))
        return;
    c->ok = false;
    snprintf(
        c->err, c->errlen,
        "%s %s: %s cannot be read again as user %s (global.user): %s; let that user or its group read it",
        whose, name, path, c->user, strerrordesc_np(errno));
}

/* The program as posix_spawnp would find it. */
static bool can_run(const char *program)
{
    const char *path = getenv("PATH");
    char text[4096];
    bool denied = false;

    if (strchr(program, '/') != NULL)
        return faccessat(AT_FDCWD, program, X_OK, AT_EACCESS) == 0 || errno != EACCES;
    for (path = path != NULL ? path : "/bin:/usr/bin"; *path != '\0';) {
        size_t n = strcspn(path, ":");

        snprintf(text, sizeof(text), "%.*s/%s", (int)n, path, program);
        if (faccessat(AT_FDCWD, text, X_OK, AT_EACCESS) == 0)
            return true;
        denied |= errno == EACCES;
        path += n + (path[n] == ':');
    }
    return !denied;
}

static void command(struct check *c, const struct hg_source *s)
{
    if (!c->ok || can_run(s->argv[0]))
        return;
    c->ok = false;
    snprintf(c->err, c->errlen, "secret %s: %s may not be run by user %s (global.user)", s->name, s->argv[0],
             c->user);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): written through the struct */
bool hg_reread_check(const struct hg_plan *p, char *err, size_t errlen)
{
    struct check c = {.user = p->global.user, .err = err, .errlen = errlen, .ok = true};

    if (c.user == NULL)
        return true;
    for (size_t i = 0; i < p->sources; i++) {
        const struct hg_source *s = &p->source[i];

        if (s->kind == HG_SOURCE_FILE && s->usable)
            file(&c, "secret", s->name, s->path);
        if (s->kind == HG_SOURCE_EXEC && s->usable)
            command(&c, s);
    }
    for (size_t i = 0; i < p->backends; i++) {
        const struct hg_client_tls *t = &p->backend[i].tls;

        file(&c, "backend", p->backend[i].name, t->ca);
        file(&c, "backend", p->backend[i].name, t->cert);
        file(&c, "backend", p->backend[i].name, t->key);
    }
    for (size_t i = 0; i < p->frontends; i++) {
        for (size_t j = 0; j < p->frontend[i].binds; j++) {
            const struct hg_bind_tls *t = &p->frontend[i].bind[j].tls;

            file(&c, "frontend", p->frontend[i].name, t->cert);
            file(&c, "frontend", p->frontend[i].name, t->key);
            file(&c, "frontend", p->frontend[i].name, t->client_ca);
        }
    }
    return c.ok;
}
