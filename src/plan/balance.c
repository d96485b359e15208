/* SPDX-License-Identifier: MIT
 *
 * What a backend (or the defaults) says about health, waiting and trying
 * again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"
#include "build.h"
#include "http/header.h"

void hg_balance_standard(struct hg_backend *k)
{
    k->health = (struct hg_health){
        .method = "GET",
        .path = "/",
        .status = {.range = {{200, 399}}, .n = 1},
        .interval = HG_TIME_HEALTH_INTERVAL_DEFAULT,
        .timeout = HG_TIME_HEALTH_TIMEOUT_DEFAULT,
        .rise = 2,
        .fall = 3,
        .passive = {.errors = 3, .cooldown = HG_TIME_PASSIVE_COOL_DOWN_DEFAULT},
    };
    k->queue = (struct hg_queue){.size = HG_LIMIT_QUEUE_DEFAULT, .timeout = HG_TIME_QUEUE_DEFAULT};
    k->retry = (struct hg_retry){
        .buffer = HG_LIMIT_RETRY_DEFAULT,
        .attempts = HG_LIMIT_RETRY_ATTEMPTS_DEFAULT,
        .on = HG_RETRY_CONNECT | HG_RETRY_EMPTY,
        .budget = HG_LIMIT_RETRY_BUDGET_DEFAULT,
        .reserve = HG_LIMIT_RETRY_RESERVE_DEFAULT,
    };
}

/* "503", "500-599", "5xx" */
static bool read_range(const char *text, struct hg_status_range *r)
{
    size_t n = strlen(text), digits = strspn(text, "0123456789");

    if (digits == 1 && strcmp(text + 1, "xx") == 0) {
        r->from = (uint16_t)((text[0] - '0') * 100);
        r->to = (uint16_t)(r->from + 99);
    } else if (digits == 3 && (n == 3 || (n == 7 && text[3] == '-' && strspn(text + 4, "0123456789") == 3))) {
        r->from = (uint16_t)strtoul(text, NULL, 10);
        r->to = n == 3 ? r->from : (uint16_t)strtoul(text + 4, NULL, 10);
    } else {
        return false;
    }
    return r->from >= 100 && r->to <= 599 && r->from <= r->to;
}

/* The text of the i-th element of a list (or of the one value); NULL: no more, or bad and said. */
static const char *element(struct hg_build *b, const struct hg_node *n, size_t i, const struct hg_node **at)
{
    struct hg_slice text;
    char name[HG_NAME_TEXT];
    *at = n->type == HG_NODE_LIST ? n->child[i] : n;
    if ((*at)->type == HG_NODE_INT)
        return hg_store_printf(b, "%lld", (long long)(*at)->integer);
    enum hg_get r = hg_get_text(b, *at, &text, name);
    if (r == HG_GET_UNSET)
        HG_ERROR(b, *at, "%s", hg_unset_sentence(b, name));
    return r == HG_GET_OK ? text.p : NULL;
}

static size_t elements(const struct hg_node *n)
{
    return n == NULL ? 0 : n->type == HG_NODE_LIST ? n->children : 1;
}

static void add_status(struct hg_build *b, const struct hg_node *at, const char *text, const char *expected,
                       struct hg_statuses *s)
{
    if (s->n == HG_STATUS_RANGES)
        HG_ERROR(b, at, "has too many entries (at most %u)", HG_STATUS_RANGES);
    else if (read_range(text, &s->range[s->n]))
        s->n++;
    else
        HG_ERROR(b, at, "is not a status (expected %s)", expected);
}

void hg_get_statuses(struct hg_build *b, const struct hg_node *group, const char *key, struct hg_statuses *s)
{
    const struct hg_node *n = hg_node_get(group, key), *at;
    if (n == NULL)
        return;
    s->n = 0;
    for (size_t i = 0; i < elements(n); i++) {
        const char *text = element(b, n, i, &at);
        if (text != NULL)
            add_status(b, at, text, "\"200\", \"200-399\" or \"2xx\"", s);
    }
}

static void get_unsigned(struct hg_build *b, const struct hg_node *group, const char *key, unsigned *value)
{
    uint64_t n = *value;
    hg_get_number(b, group, key, &n);
    *value = (unsigned)n;
}

static bool visible(const char *s, const char *also_not)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 127 || strchr(also_not, *s) != NULL)
            return false;
    return true;
}

static void get_request(struct hg_build *b, const struct hg_node *group, struct hg_health *h)
{
    const char *method = hg_get_string(b, group, "method", NULL);
    const char *path = hg_get_string(b, group, "path", NULL);
    const char *host = hg_get_string(b, group, "host", NULL);
    struct hg_slice name;
    uint16_t port;
    if (method != NULL && !hg_header_name_ok(hg_slice_str(method)))
        HG_ERROR(b, hg_node_get(group, "method"), "is not a method");
    else if (method != NULL)
        h->method = method;
    if (path != NULL && (path[0] != '/' || !visible(path, "#")))
        HG_ERROR(b, hg_node_get(group, "path"), "is not a path (expected \"/...\")");
    else if (path != NULL)
        h->path = path;
    if (host != NULL && !hg_text_host_port(hg_slice_str(host), &name, &port))
        HG_ERROR(b, hg_node_get(group, "host"), "is not a host with an optional port");
    else if (host != NULL)
        h->host = host;
}

static void get_health(struct hg_build *b, const struct hg_node *group, struct hg_health *h)
{
    const struct hg_node *passive = hg_node_get(group, "passive");
    uint64_t how = h->how;
    if (group == NULL)
        return;
    hg_get_number(b, group, "check", &how);
    h->how = (enum hg_health_how)how;
    get_request(b, group, h);
    hg_get_statuses(b, group, "status", &h->status);
    hg_get_number(b, group, "interval", &h->interval);
    hg_get_number(b, group, "timeout", &h->timeout);
    get_unsigned(b, group, "rise", &h->rise);
    get_unsigned(b, group, "fall", &h->fall);
    get_unsigned(b, passive, "errors", &h->passive.errors);
    hg_get_number(b, passive, "cool-down", &h->passive.cooldown);
    hg_get_statuses(b, passive, "status", &h->passive.status);
}

static void add_reason(struct hg_build *b, const struct hg_node *at, const char *text, struct hg_retry *r)
{
    static const struct {
        const char *word;
        unsigned bit;
    } words[] = {{"none", 0},
                 {"connect-failure", HG_RETRY_CONNECT},
                 {"empty-response", HG_RETRY_EMPTY},
                 {"response-timeout", HG_RETRY_TIMEOUT},
                 {"junk-response", HG_RETRY_JUNK}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].word, text) != 0)
            continue;
        r->on |= words[i].bit;
        return;
    }
    add_status(b, at, text,
               "connect-failure, empty-response, response-timeout, junk-response, none, or a status such as "
               "\"503\" or \"500-599\"",
               &r->status);
}

static void get_retry(struct hg_build *b, const struct hg_node *group, struct hg_retry *r)
{
    const struct hg_node *on = hg_node_get(group, "on"), *at;
    uint64_t buffer = r->buffer;
    hg_get_number(b, group, "buffer", &buffer);
    r->buffer = (size_t)buffer;
    get_unsigned(b, group, "attempts", &r->attempts);
    get_unsigned(b, group, "budget", &r->budget);
    get_unsigned(b, group, "reserve", &r->reserve);
    hg_get_bool(b, group, "non-idempotent", &r->non_idempotent);
    if (on == NULL)
        return;
    r->on = 0;
    r->status.n = 0;
    for (size_t i = 0; i < elements(on); i++) {
        const char *text = element(b, on, i, &at);
        if (text != NULL)
            add_reason(b, at, text, r);
    }
}

void hg_build_balance(struct hg_build *b, const struct hg_node *group, struct hg_backend *k)
{
    const struct hg_node *queue = hg_node_get(group, "queue");
    uint64_t size = k->queue.size, how = k->balance;
    HG_ASSERT(group != NULL);
    get_health(b, hg_node_get(group, "health"), &k->health);
    get_retry(b, hg_node_get(group, "retry"), &k->retry);
    hg_get_number(b, queue, "size", &size);
    hg_get_number(b, queue, "timeout", &k->queue.timeout);
    hg_get_number(b, group, "balance", &how);
    k->queue.size = (size_t)size;
    k->balance = (enum hg_balance_how)how;
}

/* Keys that do nothing as they stand. */
void hg_check_balance(struct hg_build *b, const struct hg_node *node, const struct hg_backend *k)
{
    static const char *const http_keys[] = {"method", "path", "host", "status"};
    const struct hg_node *health = hg_node_get(node, "health"), *queue = hg_node_get(node, "queue");
    size_t usable = 0;
    for (size_t i = 0; i < k->servers; i++)
        usable += k->server[i].weight > 0 && !k->server[i].disabled;
    if (usable == 0 && k->servers > 0)
        HG_WARN(b, node, "none of its servers gets requests (they are disabled or have weight 0)");
    if (queue != NULL && !k->limited && !node->broken)
        HG_WARN(b, queue, "has no effect without a limit (nobody waits for servers that take any number)");
    for (size_t i = 0; i < sizeof(http_keys) / sizeof(http_keys[0]); i++) {
        const struct hg_node *n = hg_node_get(health, http_keys[i]);
        if (n != NULL && k->health.how != HG_HEALTH_HTTP)
            HG_WARN(b, n, "has no effect without check = \"http\"");
    }
}
