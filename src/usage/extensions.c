/* SPDX-License-Identifier: MIT
 *
 * Sec-WebSocket-Extensions (RFC 6455, 9.1) as a server answers it: what of it
 * changes how its frames are read.
 */
#include "usage/frames.h"

/* Takes what stands before the next semicolon off *list. */
static struct hg_slice next_part(struct hg_slice *list)
{
    ptrdiff_t at = hg_slice_find(*list, ';');
    struct hg_slice part = at < 0 ? *list : hg_slice(list->p, (size_t)at);

    *list = hg_slice_from(*list, at < 0 ? list->n : (size_t)at + 1);
    return hg_slice_trim(part);
}

static struct hg_slice unquote(struct hg_slice s)
{
    return s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"' ? hg_slice(s.p + 1, s.n - 2) : s;
}

static bool window_bits(struct hg_slice text)
{
    uint64_t n;

    return hg_slice_u64(unquote(text), &n) && n >= 8 && n <= 15;
}

/* One parameter; those of the client's own messages do not matter here. */
static bool parameter(struct hg_slice text, struct hg_frames_deflate *out)
{
    ptrdiff_t equals = hg_slice_find(text, '=');
    struct hg_slice name = hg_slice_trim(hg_slice(text.p, equals < 0 ? text.n : (size_t)equals));
    struct hg_slice value =
        equals < 0 ? hg_slice(NULL, 0) : hg_slice_trim(hg_slice_from(text, (size_t)equals + 1));

    if (hg_slice_ieq(name, HG_LIT("server_max_window_bits")))
        return window_bits(value);
    if (hg_slice_ieq(name, HG_LIT("client_max_window_bits")))
        return equals < 0 || window_bits(value);
    if (hg_slice_ieq(name, HG_LIT("server_no_context_takeover")))
        out->fresh = true;
    else if (!hg_slice_ieq(name, HG_LIT("client_no_context_takeover")))
        return false;
    return equals < 0;
}

bool hg_frames_extensions(struct hg_slice value, struct hg_frames_deflate *out)
{
    struct hg_slice item;

    *out = (struct hg_frames_deflate){0};
    while (hg_slice_next_item(&value, &item)) {
        if (out->on || !hg_slice_ieq(next_part(&item), HG_LIT("permessage-deflate")))
            return false;
        out->on = true;
        while (item.n > 0)
            if (!parameter(next_part(&item), out))
                return false;
    }
    return true;
}
