/* A disk that fails where a test wants it to, put under a program with LD_PRELOAD.
 *
 * The file that FAILING_DISK names says what happens: "CALL SUFFIX N ERROR". With "dead" behind it the disk takes nothing more from
 * that call on: all writes and flushes of that file fail too. The Nth write, read or fsync from then on of a file whose
 * name ends in SUFFIX fails with that errno; N 0: each does. ERROR -1: half is written, as a disk may that fills up. Each time, a byte
 * is added to the file's neighbour ".struck". Counting begins anew when the file says something else. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char said[256];
static long count;

/* What is to happen to this call: 0 nothing, above an errno, below half of it. */
static int strike(const char *call, int fd) {
    const char *control = getenv("FAILING_DISK");
    char now[256] = "", wanted[16], suffix[64], after[16] = "", link[64], path[4096];
    long nth, error;
    int outcome = 0, before = errno;
    if (!control) return 0;
    pthread_mutex_lock(&lock);
    int file = open(control, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        ssize_t length = read(file, now, sizeof now - 1);
        now[length < 0 ? 0 : length] = 0;
        close(file);
    }
    if (strcmp(now, said)) {
        strcpy(said, now);
        count = 0;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    if (sscanf(now, "%15s %63s %ld %ld %15s", wanted, suffix, &nth, &error, after) >= 4 &&
        strlen(path) >= strlen(suffix) && !strcmp(path + strlen(path) - strlen(suffix), suffix) &&
        ((!strcmp(after, "dead") && count >= nth && strcmp(call, "read")) ||
         (!strcmp(wanted, call) && (++count == nth || nth == 0)))) {
        outcome = (int)error;
        snprintf(path, sizeof path, "%s.struck", control);
        file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (file >= 0) {
            if (write(file, "x", 1) < 0) outcome = (int)error;
            close(file);
        }
    }
    pthread_mutex_unlock(&lock);
    errno = before;
    return outcome;
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define FAILS(call, fd)                                                                                                             \
    int struck = strike(call, fd);                                                                                                  \
    if (struck > 0) {                                                                                                               \
        errno = struck;                                                                                                             \
        return -1;                                                                                                                  \
    }

ssize_t pwrite(int fd, const void *from, size_t length, off_t at) {
    REAL(pwrite);
    FAILS("write", fd)
    return real(fd, from, struck < 0 ? length / 2 : length, at);
}

ssize_t pwrite64(int fd, const void *from, size_t length, off64_t at) {
    REAL(pwrite64);
    FAILS("write", fd)
    return real(fd, from, struck < 0 ? length / 2 : length, at);
}

ssize_t pread(int fd, void *into, size_t length, off_t at) {
    REAL(pread);
    FAILS("read", fd)
    return real(fd, into, length, at);
}

ssize_t pread64(int fd, void *into, size_t length, off64_t at) {
    REAL(pread64);
    FAILS("read", fd)
    return real(fd, into, length, at);
}

int fsync(int fd) {
    REAL(fsync);
    FAILS("fsync", fd)
    return real(fd);
}

int fdatasync(int fd) {
    REAL(fdatasync);
    FAILS("fsync", fd)
    return real(fd);
}
