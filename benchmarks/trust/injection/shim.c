/* Puts faults between a process and its files (Linux, by LD_PRELOAD).
 *
 * For paths in one folder, the n-th call of a kind fails, is shortened, delayed, gives other
 * bytes, or kills the process; and every call that changes files is written to a journal with
 * its data, from which disk.py works out what a power cut would have left.
 *
 * A plan is KIND[@PART]:N:ACTION[:NUMBER] and more of them, with a comma between. Only calls whose
 * path has PART in it count; N counts them from 1; "3+" is the third and all after it. Actions: the name of an error, "short", "flip" (one bit of
 * what is written), "torn" (half of it is written, then SIGKILL), "kill" (before the call),
 * "delay" (milliseconds), "room" (bytes that may be written, from then on ENOSPC).
 */
#define _GNU_SOURCE
#include "shim.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>

static int opening(int at, const char *path, int flags, mode_t mode)
{
    char whole[PATH_MAX];
    struct fault *fault;
    if (ours(at, path, whole) == NULL)
        return (int)syscall(SYS_openat, at, path, flags, mode);
    int writes = (flags & O_ACCMODE) != O_RDONLY;
    long made;
    if (strikes(writes ? "open" : "open-read", whole, &fault))
        made = -1;
    else
        made = syscall(SYS_openat, at, path, flags, mode);
    if (made >= 0 && made < FILES) {
        free(paths[made]);
        paths[made] = strdup(whole);
    }
    note("open", (int)made, flags, 0, NULL, 0, made < 0 ? -errno : 0, whole, NULL);
    return (int)made;
}

#define MODE(flags)                                                                              \
    mode_t mode = 0;                                                                             \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                     \
        va_list more;                                                                            \
        va_start(more, flags);                                                                   \
        mode = (mode_t)va_arg(more, int);                                                        \
        va_end(more);                                                                            \
    }

int open(const char *path, int flags, ...) { MODE(flags) return opening(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opening(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return opening(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return opening(at, path, flags | O_LARGEFILE, mode); }
int __open_2(const char *path, int flags) { return opening(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return opening(AT_FDCWD, path, flags | O_LARGEFILE, 0); }

static ssize_t writing(int descriptor, const void *data, size_t size, off_t place)
{
    const char *path = path_of(descriptor);
    struct fault *fault;
    char *other = NULL;
    int dies = 0;
    if (path == NULL)
        return place < 0 ? syscall(SYS_write, descriptor, data, size)
                         : syscall(SYS_pwrite64, descriptor, data, size, place);
    if (strikes("write", path, &fault)) {
        note("write", descriptor, 0, 0, NULL, 0, -errno, path, NULL);
        return -1;
    }
    if (fault != NULL && strcmp(fault->action, "room") == 0) {
        if (fault->seen >= fault->number) {
            note("fault", -1, 0, 0, NULL, 0, 0, "write", "room");
            errno = ENOSPC;
            return -1;
        }
        if (fault->seen + (long)size > fault->number)
            size = (size_t)(fault->number - fault->seen);
    } else if (fault != NULL && strcmp(fault->action, "flip") == 0) {
        if (size > 0 && (other = malloc(size)) != NULL) {
            memcpy(other, data, size);
            other[size / 2] ^= 1;
            data = other;
        }
    } else if (fault != NULL) { /* short, torn */
        dies = strcmp(fault->action, "torn") == 0;
        size = size > 1 ? size / 2 : size;
    }
    long done = place < 0 ? syscall(SYS_write, descriptor, data, size)
                          : syscall(SYS_pwrite64, descriptor, data, size, place);
    int kept = errno;
    if (done > 0) {
        long at = place < 0 ? syscall(SYS_lseek, descriptor, 0, SEEK_CUR) - done : place;
        note("write", descriptor, 0, at, data, (size_t)done, done, path, NULL);
        if (fault != NULL && strcmp(fault->action, "room") == 0)
            fault->seen += done;
    }
    if (dies)
        kill(getpid(), SIGKILL);
    free(other);
    errno = kept;
    return done;
}

ssize_t write(int descriptor, const void *data, size_t size) { return writing(descriptor, data, size, -1); }
ssize_t pwrite(int descriptor, const void *data, size_t size, off_t place) { return writing(descriptor, data, size, place); }
ssize_t pwrite64(int descriptor, const void *data, size_t size, off64_t place) { return writing(descriptor, data, size, place); }

ssize_t writev(int descriptor, const struct iovec *parts, int n)
{
    if (path_of(descriptor) == NULL)
        return syscall(SYS_writev, descriptor, parts, n);
    for (int i = 0; i < n; i++) /* one after the other: a short write, which callers must expect */
        if (parts[i].iov_len > 0)
            return writing(descriptor, parts[i].iov_base, parts[i].iov_len, -1);
    return 0;
}

static ssize_t reading(int descriptor, void *data, size_t size, off_t place)
{
    const char *path = path_of(descriptor);
    struct fault *fault = NULL;
    if (path != NULL && strikes("read", path, &fault))
        return -1;
    if (fault != NULL && strcmp(fault->action, "short") == 0 && size > 1)
        size /= 2;
    long done = place < 0 ? syscall(SYS_read, descriptor, data, size)
                          : syscall(SYS_pread64, descriptor, data, size, place);
    if (fault != NULL && strcmp(fault->action, "flip") == 0 && done > 0)
        ((char *)data)[done / 2] ^= 1;
    return done;
}

ssize_t read(int descriptor, void *data, size_t size) { return reading(descriptor, data, size, -1); }
ssize_t pread(int descriptor, void *data, size_t size, off_t place) { return reading(descriptor, data, size, place); }
ssize_t pread64(int descriptor, void *data, size_t size, off64_t place) { return reading(descriptor, data, size, place); }
ssize_t __read_chk(int descriptor, void *data, size_t size, size_t room) { (void)room; return reading(descriptor, data, size, -1); }

static int syncing(int descriptor, long call)
{
    const char *path = path_of(descriptor);
    struct fault *fault;
    struct stat found;
    if (path == NULL)
        return (int)syscall(call, descriptor);
    int is_folder = syscall(SYS_fstat, descriptor, &found) == 0 && S_ISDIR(found.st_mode);
    int failed = strikes(is_folder ? "sync-folder" : "sync", path, &fault);
    long done = failed ? -1 : syscall(call, descriptor);
    note(is_folder ? "sync-folder" : "sync", descriptor, 0, 0, NULL, 0, done < 0 ? -errno : 0, path, NULL);
    return (int)done;
}

int fsync(int descriptor) { return syncing(descriptor, SYS_fsync); }
int fdatasync(int descriptor) { return syncing(descriptor, SYS_fdatasync); }

int close(int descriptor)
{
    const char *path = path_of(descriptor);
    struct fault *fault;
    if (path == NULL)
        return (int)syscall(SYS_close, descriptor);
    int failed = strikes("close", path, &fault), kept = errno; /* it is closed all the same */
    note("close", descriptor, 0, 0, NULL, 0, failed ? -kept : 0, path, NULL);
    free(paths[descriptor]);
    paths[descriptor] = NULL;
    long done = syscall(SYS_close, descriptor);
    if (failed) {
        errno = kept;
        return -1;
    }
    return (int)done;
}

static int renaming(int at, const char *from, int to_at, const char *to, unsigned flags)
{
    char whole[PATH_MAX], target[PATH_MAX];
    struct fault *fault;
    if (ours(at, from, whole) == NULL || ours(to_at, to, target) == NULL)
        return (int)syscall(SYS_renameat2, at, from, to_at, to, flags);
    long done = strikes("rename", whole, &fault) ? -1 : syscall(SYS_renameat2, at, from, to_at, to, flags);
    note("rename", -1, 0, 0, NULL, 0, done < 0 ? -errno : 0, whole, target);
    return (int)done;
}

int rename(const char *from, const char *to) { return renaming(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int at, const char *from, int to_at, const char *to) { return renaming(at, from, to_at, to, 0); }
int renameat2(int at, const char *from, int to_at, const char *to, unsigned flags) { return renaming(at, from, to_at, to, flags); }

static int unlinking(int at, const char *path, int flags)
{
    char whole[PATH_MAX];
    struct fault *fault;
    if (ours(at, path, whole) == NULL)
        return (int)syscall(SYS_unlinkat, at, path, flags);
    long done = strikes("unlink", whole, &fault) ? -1 : syscall(SYS_unlinkat, at, path, flags);
    note("unlink", -1, flags, 0, NULL, 0, done < 0 ? -errno : 0, whole, NULL);
    return (int)done;
}

int unlink(const char *path) { return unlinking(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return unlinking(at, path, flags); }
int rmdir(const char *path) { return unlinking(AT_FDCWD, path, AT_REMOVEDIR); }

static int making(int at, const char *path, mode_t mode)
{
    char whole[PATH_MAX];
    struct fault *fault;
    if (ours(at, path, whole) == NULL)
        return (int)syscall(SYS_mkdirat, at, path, mode);
    long done = strikes("mkdir", whole, &fault) ? -1 : syscall(SYS_mkdirat, at, path, mode);
    note("mkdir", -1, 0, 0, NULL, 0, done < 0 ? -errno : 0, whole, NULL);
    return (int)done;
}

int mkdir(const char *path, mode_t mode) { return making(AT_FDCWD, path, mode); }
int mkdirat(int at, const char *path, mode_t mode) { return making(at, path, mode); }

static int cutting(int descriptor, off_t size)
{
    const char *path = path_of(descriptor);
    struct fault *fault;
    if (path == NULL)
        return (int)syscall(SYS_ftruncate, descriptor, size);
    long done = strikes("truncate", path, &fault) ? -1 : syscall(SYS_ftruncate, descriptor, size);
    note("truncate", descriptor, 0, (long)size, NULL, 0, done < 0 ? -errno : 0, path, NULL);
    return (int)done;
}

int ftruncate(int descriptor, off_t size) { return cutting(descriptor, size); }
int ftruncate64(int descriptor, off64_t size) { return cutting(descriptor, size); }

int flock(int descriptor, int how)
{
    const char *path = path_of(descriptor);
    struct fault *fault;
    if (path != NULL && strikes("lock", path, &fault))
        return -1;
    return (int)syscall(SYS_flock, descriptor, how);
}

/* What only looks: a folder that cannot be listed must not be taken for an empty one. */
DIR *opendir(const char *path)
{
    static DIR *(*real)(const char *);
    char whole[PATH_MAX];
    struct fault *fault;
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "opendir");
    if (ours(AT_FDCWD, path, whole) != NULL && strikes("list", whole, &fault))
        return NULL;
    return real(path);
}

static int looking(int at, const char *path, struct stat *found, int flags)
{
    char whole[PATH_MAX];
    struct fault *fault;
    if (path != NULL && path[0] != 0 && ours(at, path, whole) != NULL && strikes("stat", whole, &fault))
        return -1;
    return (int)syscall(SYS_newfstatat, at, path, found, flags);
}

int stat(const char *path, struct stat *found) { return looking(AT_FDCWD, path, found, 0); }
int stat64(const char *path, struct stat64 *found) { return looking(AT_FDCWD, path, (struct stat *)found, 0); }
int lstat(const char *path, struct stat *found) { return looking(AT_FDCWD, path, found, AT_SYMLINK_NOFOLLOW); }
int lstat64(const char *path, struct stat64 *found) { return looking(AT_FDCWD, path, (struct stat *)found, AT_SYMLINK_NOFOLLOW); }
int fstatat(int at, const char *path, struct stat *found, int flags) { return looking(at, path, found, flags); }
int fstatat64(int at, const char *path, struct stat64 *found, int flags) { return looking(at, path, (struct stat *)found, flags); }
