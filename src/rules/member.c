/* SPDX-License-Identifier: MIT
 *
 * Reading list members.
 */
#include "member.h"

#include "base/check.h"

/* Behind the quoted string that begins at s.p[at], or `at` when it is not closed. */
static size_t skip_quoted(struct hg_slice s, size_t at)
{
    HG_ASSERT(at < s.n && s.p[at] == '"');
    for (size_t i = at + 1; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] == '"')
            return i + 1;
    }
    return at;
}

/* Where a quoted string may begin: nothing but blanks before it in the member, or '='. */
static bool may_open(struct hg_slice s, size_t at)
{
    return hg_slice_trim(hg_slice(s.p, at)).n == 0 || s.p[at - 1] == '=';
}

/* Where the member that begins at s.p[0] ends; *semicolon: the first outside of quotes, or the end. */
static size_t member_end(struct hg_slice s, size_t *semicolon)
{
    size_t i = 0;

    *semicolon = SIZE_MAX;
    while (i < s.n && s.p[i] != ',') {
        size_t next = i + 1;

        if (s.p[i] == '"' && may_open(s, i)) {
            size_t end = skip_quoted(s, i);

            next = end > i ? end : next;
        } else if (s.p[i] == ';' && *semicolon == SIZE_MAX) {
            *semicolon = i;
        }
        i = next;
    }
    HG_ASSERT(i <= s.n);
    if (*semicolon == SIZE_MAX)
        *semicolon = i;
    return i;
}

bool hg_member_next(struct hg_slice *rest, struct hg_member *m)
{
    while (rest->n > 0) {
        size_t semicolon, end = member_end(*rest, &semicolon);

        m->whole = hg_slice_trim(hg_slice(rest->p, end));
        m->token = hg_slice_trim(hg_slice(rest->p, semicolon));
        *rest = hg_slice_from(*rest, end + 1);
        if (m->whole.n > 0)
            return true;
    }
    return false;
}

bool hg_member_ok(struct hg_slice text)
{
    struct hg_slice rest = text;
    struct hg_member m;
    size_t quotes = 0;

    for (size_t i = 0; i < text.n; i++) {
        quotes += text.p[i] == '"';
        if (text.p[i] == '\\')
            i++;
    }
    return quotes % 2 == 0 && hg_slice_find(text, ',') < 0 && hg_member_next(&rest, &m) && m.token.n > 0;
}
