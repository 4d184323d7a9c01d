/* A plan of faults and a journal of calls: what shim.c asks and tells. See there. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FILES 4096
#define FAULTS 16

struct fault {
    char kind[16], part[64], action[16];
    long nth, number, seen;
    int onward;
};

static struct fault faults[FAULTS];
static int n_faults, journal = -1;
static char folder[PATH_MAX];
static size_t folder_length;
static char *paths[FILES]; /* of the open files that are in the folder */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static const struct { const char *name; int number; } ERRORS[] = {
    {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EINTR", EINTR}, {"EROFS", EROFS},
    {"EACCES", EACCES}, {"EMFILE", EMFILE}, {"EFBIG", EFBIG}, {"EINVAL", EINVAL},
    {"ESTALE", ESTALE}, {"EAGAIN", EAGAIN}, {"ENOLCK", ENOLCK},
};

static void raw_write(int descriptor, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        long done = syscall(SYS_write, descriptor, at, size);
        if (done <= 0)
            return;
        at += done;
        size -= (size_t)done;
    }
}

/* One line, and the data behind it. `result` is below 0 where the call failed. */
static void note(const char *kind, int descriptor, int flags, long offset, const void *data,
                 size_t size, long result, const char *path, const char *other)
{
    char line[2 * PATH_MAX + 200];
    int kept = errno;
    if (journal < 0)
        return;
    int length = snprintf(line, sizeof line, "%s\t%d\t%d\t%ld\t%zu\t%ld\t%s\t%s\n", kind,
                          descriptor, flags, offset, size, result, path ? path : "",
                          other ? other : "");
    pthread_mutex_lock(&lock);
    raw_write(journal, line, (size_t)length);
    if (size > 0)
        raw_write(journal, data, size);
    pthread_mutex_unlock(&lock);
    errno = kept;
}

/* The absolute path of `path`, without links in its folder; NULL where it is not in ours. */
static char *ours(int at, const char *path, char *out)
{
    char whole[PATH_MAX], parent[PATH_MAX];
    int kept = errno;
    if (folder_length == 0 || path == NULL)
        return NULL;
    if (path[0] == '/') {
        if (snprintf(whole, sizeof whole, "%s", path) >= (int)sizeof whole)
            return NULL;
    } else {
        char here[PATH_MAX], link[64];
        if (at == AT_FDCWD) {
            if (getcwd(here, sizeof here) == NULL)
                return NULL;
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", at);
            long length = syscall(SYS_readlinkat, AT_FDCWD, link, here, sizeof here - 1);
            if (length < 0)
                return NULL;
            here[length] = 0;
        }
        if (snprintf(whole, sizeof whole, "%s/%s", here, path) >= (int)sizeof whole)
            return NULL;
    }
    size_t length = strlen(whole);
    while (length > 1 && whole[length - 1] == '/')
        whole[--length] = 0;
    char *name = strrchr(whole, '/');
    *name = 0;
    if (realpath(whole[0] ? whole : "/", parent) == NULL)
        snprintf(parent, sizeof parent, "%s", whole);
    errno = kept;
    if (snprintf(out, PATH_MAX, "%s/%s", parent, name + 1) >= PATH_MAX)
        return NULL;
    if (strncmp(out, folder, folder_length) != 0 ||
        (out[folder_length] != '/' && out[folder_length] != 0))
        return NULL;
    return out;
}

static const char *path_of(int descriptor)
{
    return descriptor >= 0 && descriptor < FILES ? paths[descriptor] : NULL;
}

/* Sets errno and returns 1 where the call shall fail; `*fault` is what else shall be done. */
static int strikes(const char *kind, const char *path, struct fault **fault)
{
    *fault = NULL;
    for (int i = 0; i < n_faults; i++) {
        struct fault *one = &faults[i];
        if (strcmp(one->kind, kind) != 0 && strcmp(one->kind, "any") != 0)
            continue;
        if (one->part[0] && strstr(path + folder_length, one->part) == NULL)
            continue;
        if (strcmp(one->action, "room") == 0) {
            *fault = one;
            continue;
        }
        one->seen++;
        if (one->seen != one->nth && !(one->onward && one->seen > one->nth))
            continue;
        note("fault", -1, 0, 0, NULL, 0, 0, kind, one->action);
        if (strcmp(one->action, "kill") == 0) {
            kill(getpid(), SIGKILL);
        } else if (strcmp(one->action, "delay") == 0) {
            struct timespec wait = {one->number / 1000, one->number % 1000 * 1000000};
            nanosleep(&wait, NULL);
        } else {
            for (size_t j = 0; j < sizeof ERRORS / sizeof *ERRORS; j++)
                if (strcmp(one->action, ERRORS[j].name) == 0) {
                    errno = ERRORS[j].number;
                    return 1;
                }
            *fault = one;
        }
    }
    return 0;
}

/* Where calls go from now on; returns 0 where the plan cannot be read. */
int faults_arm(const char *in_folder, const char *to_journal, const char *plan)
{
    char copy[2000], *rest = copy;
    n_faults = 0;
    folder_length = 0;
    if (journal >= 0)
        syscall(SYS_close, journal);
    journal = -1;
    if (in_folder == NULL || in_folder[0] == 0)
        return 1;
    snprintf(folder, sizeof folder, "%s", in_folder);
    snprintf(copy, sizeof copy, "%s", plan ? plan : "");
    for (char *part; (part = strsep(&rest, ",")) != NULL && n_faults < FAULTS;) {
        struct fault *one = &faults[n_faults];
        char nth[32] = "";
        memset(one, 0, sizeof *one);
        if (part[0] == 0)
            continue;
        if (sscanf(part, "%15[^:@]@%63[^:]:%31[^:]:%15[^:]:%ld", one->kind, one->part, nth,
                   one->action, &one->number) < 4 &&
            sscanf(part, "%15[^:@]:%31[^:]:%15[^:]:%ld", one->kind, nth, one->action,
                   &one->number) < 3)
            return 0;
        one->nth = atol(nth);
        one->onward = strchr(nth, '+') != NULL;
        n_faults++;
    }
    if (to_journal != NULL && to_journal[0] != 0) {
        int made = (int)syscall(SYS_openat, AT_FDCWD, to_journal,
                                O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        journal = made < 0 ? -1 : fcntl(made, F_DUPFD_CLOEXEC, 900);
        syscall(SYS_close, made);
    }
    folder_length = strlen(folder);
    return 1;
}

/* Writes a line of the program's own into the journal. */
void faults_mark(const char *text) { note("mark", -1, 0, 0, NULL, 0, 0, text, ""); }

__attribute__((constructor)) static void begin(void)
{
    faults_arm(getenv("FAULTS_FOLDER"), getenv("FAULTS_JOURNAL"), getenv("FAULTS_PLAN"));
}
