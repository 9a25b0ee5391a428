/* A disk whose fsync can fail, as a library for LD_PRELOAD.
 *
 * Beside each of two files, $FAILING_DISK_FILE and the same with "-wal", it keeps `<file>.disk`: what would be found
 * there after a power cut. Pages that were written become dirty; a sync that succeeds takes them to `<file>.disk`. A
 * sync that fails returns EIO and forgets which pages were dirty, as ext4 does: they can still be read, nothing says
 * that they never reached the disk, and the next sync succeeds without them. How many of the next syncs of the log
 * fail stands in $FAILING_DISK_COUNT, a file that the test writes; below zero none does, until a control takes the sign
 * away (`controls.py`).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 1 << 20, HANDLES = 1 << 16, FILES = 2, LOG = 1 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static signed char file_of[HANDLES]; /* 1 + the file's index; 0 of handles that are none of ours */
static struct {
    int disk;                     /* handle of `<file>.disk`; 0 before it is opened */
    off_t shortest;               /* to which size it was cut since the last sync; -1 if it was not */
    unsigned char dirty[PAGES];
} files[FILES];

static int real_open(const char *path, int flags, mode_t mode) {
    static int (*call)(const char *, int, ...);
    if (!call) call = dlsym(RTLD_NEXT, "open64");
    return call(path, flags, mode);
}

static ssize_t real_pwrite(int handle, const void *octets, size_t count, off_t at) {
    static ssize_t (*call)(int, const void *, size_t, off_t);
    if (!call) call = dlsym(RTLD_NEXT, "pwrite64");
    return call(handle, octets, count, at);
}

static int real_ftruncate(int handle, off_t size) {
    static int (*call)(int, off_t);
    if (!call) call = dlsym(RTLD_NEXT, "ftruncate64");
    return call(handle, size);
}

static int index_of(const char *path) {
    const char *file = getenv("FAILING_DISK_FILE");
    if (!file) return -1;
    size_t length = strlen(file);
    if (strncmp(path, file, length)) return -1;
    if (!path[length]) return 0;
    return strcmp(path + length, "-wal") ? -1 : LOG;
}

static void copy(int handle, int index, size_t page) {
    char octets[PAGE];
    ssize_t count = pread(handle, octets, PAGE, (off_t)page * PAGE);
    if (count > 0) real_pwrite(files[index].disk, octets, (size_t)count, (off_t)page * PAGE);
}

static void watch(int handle, const char *path) {
    int index = index_of(path);
    if (handle < 0 || handle >= HANDLES || index < 0) return;
    pthread_mutex_lock(&lock);
    if (!files[index].disk) {
        char beside[4096];
        snprintf(beside, sizeof beside, "%s.disk", path);
        files[index].disk = real_open(beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        files[index].shortest = -1;
        struct stat now;
        /* What stood there before the daemon began was on the disk. Its judges find the copy there already. */
        if (files[index].disk < 0)
            files[index].disk = real_open(beside, O_RDWR | O_CLOEXEC, 0);
        else if (!fstat(handle, &now))
            for (off_t page = 0; page * PAGE < now.st_size; page++) copy(handle, index, (size_t)page);
    }
    file_of[handle] = (signed char)(index + 1);
    pthread_mutex_unlock(&lock);
}

static int opened(const char *path, int flags, mode_t mode) {
    int handle = real_open(path, flags, mode);
    watch(handle, path);
    return handle;
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opened(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opened(path, flags, mode);
}

int close(int handle) {
    static int (*call)(int);
    if (!call) call = dlsym(RTLD_NEXT, "close");
    if (handle >= 0 && handle < HANDLES) file_of[handle] = 0;
    return call(handle);
}

static int watched(int handle) { return handle >= 0 && handle < HANDLES ? file_of[handle] - 1 : -1; }

static ssize_t written(int handle, const void *octets, size_t count, off_t at) {
    ssize_t done = real_pwrite(handle, octets, count, at);
    int index = watched(handle);
    if (index >= 0 && done > 0) {
        pthread_mutex_lock(&lock);
        for (off_t page = at / PAGE; page <= (at + done - 1) / PAGE && page < PAGES; page++) files[index].dirty[page] = 1;
        pthread_mutex_unlock(&lock);
    }
    return done;
}

ssize_t pwrite(int handle, const void *octets, size_t count, off_t at) { return written(handle, octets, count, at); }

ssize_t pwrite64(int handle, const void *octets, size_t count, off_t at) { return written(handle, octets, count, at); }

static int cut(int handle, off_t size) {
    int done = real_ftruncate(handle, size), index = watched(handle);
    if (index >= 0 && !done) {
        pthread_mutex_lock(&lock);
        if (files[index].shortest < 0 || size < files[index].shortest) files[index].shortest = size;
        pthread_mutex_unlock(&lock);
    }
    return done;
}

int ftruncate(int handle, off_t size) { return cut(handle, size); }

int ftruncate64(int handle, off_t size) { return cut(handle, size); }

/* Say whether this sync fails, and count it. */
static int fails(void) {
    const char *path = getenv("FAILING_DISK_COUNT");
    int handle = path ? real_open(path, O_RDWR | O_CLOEXEC, 0) : -1;
    if (handle < 0) return 0;
    char number[16] = {0};
    int left = pread(handle, number, sizeof number - 1, 0) > 0 ? atoi(number) : 0;
    if (left > 0) {
        int length = snprintf(number, sizeof number, "%-8d", left - 1);
        real_pwrite(handle, number, (size_t)length, 0);
    }
    close(handle);
    return left > 0;
}

static int synced(int handle, const char *name) {
    int (*call)(int) = dlsym(RTLD_NEXT, name);
    int index = watched(handle);
    if (index < 0) return call(handle);
    pthread_mutex_lock(&lock);
    int failed = index == LOG && fails();
    if (!failed && files[index].shortest >= 0) {
        real_ftruncate(files[index].disk, files[index].shortest);
        files[index].shortest = -1;
    }
    for (size_t page = 0; page < PAGES; page++)
        if (files[index].dirty[page]) {
            if (!failed) copy(handle, index, page);
            files[index].dirty[page] = 0;
        }
    pthread_mutex_unlock(&lock);
    if (failed) {
        errno = EIO;
        return -1;
    }
    return 0;
}

int fdatasync(int handle) { return synced(handle, "fdatasync"); }

int fsync(int handle) { return synced(handle, "fsync"); }
