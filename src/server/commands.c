/* SPDX-License-Identifier: MIT
 *
 * The commands of the control socket.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "internal.h"
#include "upstream/balance.h"

struct word_list {
    char *word[HG_LIMIT_CONTROL_WORDS];
    size_t n;
};

struct entry {
    const char *name;
    size_t least, most; /* words behind the name */
    void (*run)(struct hg_command *c, const struct word_list *w);
    const char *usage;
};

static void finish(struct hg_command *c, bool ok)
{
    c->ok = ok;
    c->done(c);
}

/* In JSON: {"ok":...,"text":"..."}. */
static void finish_text(struct hg_command *c, bool ok, struct hg_slice text)
{
    size_t cap = text.n * 6 + 128;
    char *room = c->json ? malloc(cap) : NULL;
    struct hg_json j;

    if (room != NULL) {
        hg_json_begin(&j, room, cap);
        hg_json_bool(&j, "ok", ok);
        hg_json_str(&j, "text", text);
        (void)hg_buf_append(&c->text, hg_json_end(&j));
        (void)hg_buf_append(&c->text, HG_LIT("\n"));
    } else {
        (void)hg_buf_append(&c->text, text);
    }
    free(room);
    finish(c, ok);
}

static void finish_say(struct hg_command *c, bool ok, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void finish_say(struct hg_command *c, bool ok, const char *fmt, ...)
{
    char line[2048];
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(line, sizeof(line) - 1, fmt, args);
    va_end(args);
    if (n < 0)
        n = 0;
    if ((size_t)n > sizeof(line) - 2)
        n = (int)sizeof(line) - 2;
    line[n] = '\n';
    finish_text(c, ok, hg_slice(line, (size_t)n + 1));
}

static void reloaded(struct hg_waiter *w, bool ok, struct hg_slice text)
{
    finish_text(HG_CONTAINER_OF(w, struct hg_command, waiter), ok, text);
}

static void cmd_reload(struct hg_command *c, const struct word_list *w)
{
    (void)w;
    c->waiter.done = reloaded;
    hg_reload_ask(c->service, &c->waiter);
}

static void cmd_drain(struct hg_command *c, const struct word_list *w)
{
    struct hg_service *s = c->service;
    struct hg_counts sum;

    (void)w;
    hg_service_drain(s, "drain");
    hg_service_counts(s, &sum);
    finish_say(c, true, "draining: %llu requests under way; ends when they have, at the latest after %llu ms",
               (unsigned long long)sum.active_requests,
               (unsigned long long)s->generation->plan->global.drain);
}

static void cmd_status(struct hg_command *c, const struct word_list *w)
{
    (void)w;
    if (c->json)
        hg_status_json(c->service, &c->text);
    else
        hg_status_text(c->service, &c->text);
    finish(c, true);
}

static void cmd_log_level(struct hg_command *c, const struct word_list *w)
{
    struct hg_log *log = c->service->o->log;
    enum hg_log_level level;

    if (w->n == 1) {
        finish_say(c, true, "%s", hg_log_level_name(hg_log_level(log)));
        return;
    }
    if (!hg_log_level_read(w->word[1], &level)) {
        finish_say(c, false, "there is no level \"%s\" (expected debug, info, warn or error)", w->word[1]);
        return;
    }
    hg_log_set_level(log, level);
    finish_say(c, true, "the log level is %s until the next reload", hg_log_level_name(level));
}

static void cmd_log_reopen(struct hg_command *c, const struct word_list *w)
{
    (void)w;
    if (hg_service_reopen_log(c->service))
        finish_say(c, true, "the log was opened anew");
    else
        finish_say(c, false, "%s; it goes on where it was", c->service->err);
}

static void cmd_server(struct hg_command *c, const struct word_list *w)
{
    static const struct {
        const char *word;
        enum hg_admin to;
        const char *now;
    } verbs[] = {{"enable", HG_ADMIN_READY, "enabled"},
                 {"drain", HG_ADMIN_DRAIN, "draining"},
                 {"disable", HG_ADMIN_DISABLED, "disabled"}};
    struct hg_service *s = c->service;
    char *slash = strchr(w->word[2], '/'), err[512];

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(w->word[1], verbs[i].word) != 0)
            continue;
        if (slash == NULL) {
            finish_say(c, false, "a server is named BACKEND/SERVER");
            return;
        }
        *slash = '\0';
        if (hg_server_set_admin(s->generation, w->word[2], slash + 1, verbs[i].to, hg_loop_now(s->loop), err,
                                sizeof(err)))
            finish_say(c, true, "server %s/%s is %s", w->word[2], slash + 1, verbs[i].now);
        else
            finish_say(c, false, "%s", err);
        return;
    }
    finish_say(c, false, "server takes enable, drain or disable, not \"%s\"", w->word[1]);
}

static void cmd_help(struct hg_command *c, const struct word_list *w);

static const struct entry commands[] = {
    {"reload", 0, 0, cmd_reload, "reload                                read the configuration anew"},
    {"drain", 0, 0, cmd_drain, "drain                                 end when what is under way has ended"},
    {"status", 0, 0, cmd_status, "status                                what is running"},
    {"log-level", 0, 1, cmd_log_level, "log-level [debug|info|warn|error]     show or set it"},
    {"log-reopen", 0, 0, cmd_log_reopen, "log-reopen                            open the log file anew"},
    {"server", 2, 2, cmd_server, "server enable|drain|disable BACKEND/SERVER"},
    {"help", 0, 0, cmd_help, "help                                  this list"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void cmd_help(struct hg_command *c, const struct word_list *w)
{
    char text[2048];
    size_t n = 0;

    (void)w;
    for (size_t i = 0; i < COMMANDS && n < sizeof(text); i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\n", commands[i].usage);
    finish_text(c, true, hg_slice(text, n < sizeof(text) ? n : sizeof(text) - 1));
}

static void unknown(struct hg_command *c, const char *word)
{
    const char *names[COMMANDS], *near;

    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i].name;
    near = hg_text_nearest(hg_slice_str(word), names, COMMANDS);
    finish_say(c, false, "there is no command \"%s\"%s%s", word,
               near != NULL ? "; did you mean " : "; \"help\" lists them", near != NULL ? near : "");
}

/* False: too many words. */
static bool split(struct hg_command *c, char *line, struct word_list *w)
{
    char *rest = line;

    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        if (*word == '\0')
            continue;
        if (strcmp(word, "--json") == 0) {
            c->json = true;
            continue;
        }
        if (w->n == HG_LIMIT_CONTROL_WORDS)
            return false;
        w->word[w->n++] = word;
    }
    return true;
}

void hg_command_run(struct hg_command *c, char *line)
{
    struct word_list w = {.n = 0};

    HG_ASSERT(c->service != NULL && c->done != NULL);
    if (!split(c, line, &w)) {
        finish_say(c, false, "too many words");
        return;
    }
    if (w.n == 0) {
        finish_say(c, false, "no command; \"help\" lists them");
        return;
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(w.word[0], commands[i].name) != 0)
            continue;
        if (w.n - 1 < commands[i].least || w.n - 1 > commands[i].most)
            finish_say(c, false, "usage: %s", commands[i].usage);
        else
            commands[i].run(c, &w);
        return;
    }
    unknown(c, w.word[0]);
}

void hg_command_free(struct hg_command *c)
{
    hg_reload_forget(&c->waiter);
    hg_buf_free(&c->text);
}
