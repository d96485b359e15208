/* SPDX-License-Identifier: MIT
 *
 * The model of a body. The first byte chooses the coding and where the body is cut. However it is cut, the
 * answer is the same; and a model that is found is the one that another reader of JSON finds.
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/pick.h"
#include "policy/model.h"

#define LIMIT 65536u

static void die(const char *what)
{
    (void)what;
    abort();
}

static struct hg_model_reader *read_in(const struct hg_model_head *head, struct hg_slice body, size_t step,
                                       struct hg_model_reading *out)
{
    struct hg_model_reader *r = hg_model_reader_new(head, LIMIT);

    if (r == NULL)
        return NULL;
    for (size_t at = 0; at < body.n; at += step)
        hg_model_reader_feed(r, hg_slice(body.p + at, body.n - at < step ? body.n - at : step));
    hg_model_reader_end(r, true, out);
    return r;
}

static void compare(struct hg_slice body, struct hg_slice model)
{
    char value[HG_LIMIT_MODEL + 1];
    size_t n;

    /* The other reader is less patient (depth), but what it reads is the same. */
    if (hg_pick(body, "model", value, sizeof(value), &n) == HG_PICK_STRING &&
        !hg_slice_eq(hg_slice(value, n), model))
        die("another model");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const codings[] = {NULL, "gzip", "deflate", "br", "zstd", "gzip, br", "identity", "x"};
    struct hg_model_head head = {.content_type = HG_LIT("application/json")};
    struct hg_model_reading whole = {0}, cut = {0};
    struct hg_slice body;
    struct hg_model_reader *a, *b;

    if (size == 0 || size > LIMIT)
        return 0;
    head.content_encoding = hg_slice_str(codings[data[0] & 7]);
    body = hg_slice((const char *)data + 1, size - 1);
    a = read_in(&head, body, body.n + 1, &whole);
    b = read_in(&head, body, (size_t)(data[0] >> 3) + 1, &cut);
    if (a != NULL && b != NULL) {
        if (whole.found != cut.found || !hg_slice_eq(whole.model, cut.model))
            die("cut otherwise, read otherwise");
        if (whole.found == HG_MODEL_FOUND && hg_model_name_problem(whole.model) != NULL)
            die("no name of a model");
        if (whole.found == HG_MODEL_FOUND && (data[0] & 7) == 0)
            compare(body, whole.model);
    }
    hg_model_reader_free(a);
    hg_model_reader_free(b);
    return 0;
}
