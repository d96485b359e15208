/* SPDX-License-Identifier: MIT
 *
 * The service manager's protocol (sd_notify(3)): one datagram to a unix socket.
 * Too little for a library.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "internal.h"

void hg_notify(const char *socket_path, const char *fmt, ...)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    size_t n = socket_path != NULL ? strlen(socket_path) : 0;
    char text[1024];
    va_list args;
    int len, fd;

    if (n < 2 || n >= sizeof(a.sun_path) || (socket_path[0] != '/' && socket_path[0] != '@'))
        return;
    va_start(args, fmt);
    len = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    fd = len > 0 && (size_t)len < sizeof(text) ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
    if (fd < 0)
        return;
    memcpy(a.sun_path, socket_path, n);
    if (a.sun_path[0] == '@')
        a.sun_path[0] = '\0'; /* Linux: an abstract address */
    (void)sendto(fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&a,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
    close(fd);
}
