/* SPDX-License-Identifier: MIT
 *
 * Gives up what a process that holds keys does not need.
 */
#include "internal.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static bool fail(char *err, size_t errlen, const char *what, const char *name)
{
    snprintf(err, errlen, "%s %s: %s", what, name, strerror(errno));
    return false;
}

static bool drop_user(const char *user, const char *group, char *err, size_t errlen)
{
    const struct passwd *pw = getpwnam(user);
    const struct group *gr = group != NULL ? getgrnam(group) : NULL;
    gid_t gid;

    if (pw == NULL) {
        snprintf(err, errlen, "global.user: there is no user %s on this system", user);
        return false;
    }
    if (group != NULL && gr == NULL) {
        snprintf(err, errlen, "global.group: there is no group %s on this system", group);
        return false;
    }
    gid = gr != NULL ? gr->gr_gid : pw->pw_gid;
    if (geteuid() == pw->pw_uid && getegid() == gid)
        return true;
    if (initgroups(user, gid) != 0 || setresgid(gid, gid, gid) != 0)
        return fail(err, errlen, "global.group: cannot become the group of", user);
    if (setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0)
        return fail(err, errlen, "global.user: cannot become", user);
    if (pw->pw_uid != 0 && setuid(0) == 0) {
        snprintf(err, errlen, "global.user: privileges came back after they were dropped");
        return false;
    }
    return true;
}

bool hg_privilege_drop(const char *user, const char *group, char *err, size_t errlen)
{
    const struct rlimit none = {0, 0};

    if (user != NULL && !drop_user(user, group, err, errlen))
        return false;
    /* After the change of user, which resets the flag. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail(err, errlen, "cannot give up", "core dumps and new privileges");
    setrlimit(RLIMIT_CORE, &none);
    return true;
}
