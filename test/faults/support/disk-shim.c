/*
 * A disk that can lose power or be slow, for tests. Preloaded into a process, it stands between the process and libc for
 * everything under SHIM_ROOT:
 *
 * SHIM_JOURNAL        every change is written to this file first, with what it takes to undo it; every sync is written
 *                     after it has happened. `power-cut.ts` reads it after a kill and undoes what no sync covered.
 * SHIM_BACKUPS        a folder on the same disk: names that are taken away or replaced are kept there as links.
 * SHIM_SYNC_DELAY_MS  every fsync and fdatasync takes this much longer.
 *
 * Records are lines: `time kind inode ...`, old bytes in hex at the end. Time is monotonic, in ns, one clock for all
 * processes; a sync covers what was recorded before it began. Shared memory (SQLite's -shm) is not watched: SQLite makes
 * it anew from the log.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define MAX_FD 65536
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static char watched[MAX_FD];
static const char *root, *backups;
static size_t root_length;
static int journal = -1;
static long delay_ms;
static unsigned long backup_number;

__attribute__((constructor)) static void begin(void) {
  const char *name = getenv("SHIM_JOURNAL"), *delay = getenv("SHIM_SYNC_DELAY_MS");
  root = getenv("SHIM_ROOT");
  backups = getenv("SHIM_BACKUPS");
  root_length = root ? strlen(root) : 0;
  delay_ms = delay ? atol(delay) : 0;
  if (root && name && backups) journal = syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static unsigned long long now_ns(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1000000000ull + at.tv_nsec;
}

/* One record, in one write: a kill leaves whole lines or none. */
static void record(const char *form, ...) {
  char *text;
  va_list rest;
  va_start(rest, form);
  int length = vasprintf(&text, form, rest);
  va_end(rest);
  if (length < 0) abort();
  if (syscall(SYS_write, journal, text, length) != length) abort();
  free(text);
}

static int is_below_root(const char *path) {
  return root_length && strncmp(path, root, root_length) == 0 && path[root_length] == '/';
}

static int is_watched_name(const char *path) {
  size_t length = strlen(path);
  return journal >= 0 && is_below_root(path) && !(length > 4 && strcmp(path + length - 4, "-shm") == 0);
}

static int is_watched(int fd) { return fd >= 0 && fd < MAX_FD && watched[fd]; }

static char *hex_of(int fd, off_t from, size_t length) {
  char *hex = malloc(2 * length + 1);
  unsigned char block[4096];
  size_t done = 0;
  while (done < length) {
    size_t step = length - done < sizeof block ? length - done : sizeof block;
    ssize_t got = syscall(SYS_pread64, fd, block, step, from + done);
    if (got <= 0) break;
    for (ssize_t i = 0; i < got; i++) sprintf(hex + 2 * (done + i), "%02x", block[i]);
    done += got;
  }
  hex[2 * done] = 0;
  return hex;
}

/* What is at [from, from + length) now, and how long the file is. The descriptor may be write-only: read by its name. */
static void before_change(const char *kind, int fd, off_t from, size_t length) {
  struct stat now;
  if (fstat(fd, &now) != 0 || !S_ISREG(now.st_mode)) return;
  char self[64];
  size_t old = from < now.st_size ? (size_t)(now.st_size - from) : 0;
  if (old > length) old = length;
  char *hex = NULL;
  if (old > 0) {
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    int readable = syscall(SYS_openat, AT_FDCWD, self, O_RDONLY | O_CLOEXEC);
    if (readable < 0) abort();
    hex = hex_of(readable, from, old);
    syscall(SYS_close, readable);
  }
  record("%llu %s %lu %lld %lld %s\n", now_ns(), kind, now.st_ino, (long long)from, (long long)now.st_size, hex ? hex : "");
  free(hex);
}

static off_t end_for_write(int fd) {
  int flags = fcntl(fd, F_GETFL);
  struct stat now;
  if (flags >= 0 && (flags & O_APPEND) && fstat(fd, &now) == 0) return now.st_size;
  return lseek(fd, 0, SEEK_CUR);
}

static unsigned long inode_of(const char *path) {
  struct stat now;
  return lstat(path, &now) == 0 ? now.st_ino : 0;
}

/* Keeps what a name stands for, so that the name can be given back; returns the number of the backup, 0 for nothing. */
static unsigned long keep(const char *path) {
  struct stat now;
  if (lstat(path, &now) != 0 || !S_ISREG(now.st_mode)) return 0;
  char copy[PATH_MAX];
  unsigned long number = (now_ns() << 8) + (++backup_number & 0xff);
  snprintf(copy, sizeof copy, "%s/%lu", backups, number);
  if (syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, copy, 0) != 0) abort();
  return number;
}

static int open_watching(const char *path, int flags, mode_t mode, int (*really)(const char *, int, ...)) {
  if (!is_watched_name(path)) {
    int other = really(path, flags, mode);
    if (other >= 0 && other < MAX_FD) watched[other] = 0; /* libuv closes past us: the number may have been a watched one */
    return other;
  }
  pthread_mutex_lock(&one_at_a_time);
  int is_new = (flags & O_CREAT) && inode_of(path) == 0;
  if (is_new) record("%llu create 0 %s\n", now_ns(), path);
  else if (flags & O_TRUNC) {
    int fd = really(path, O_WRONLY);
    if (fd >= 0) {
      before_change("truncate", fd, 0, SSIZE_MAX);
      close(fd);
    }
  }
  int fd = really(path, flags, mode);
  if (fd >= 0 && fd < MAX_FD) watched[fd] = 1;
  pthread_mutex_unlock(&one_at_a_time);
  return fd;
}

#define OPEN(name)                                          \
  int name(const char *path, int flags, ...) {              \
    va_list rest;                                           \
    va_start(rest, flags);                                  \
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                           \
    return open_watching(path, flags, mode, (int (*)(const char *, int, ...))REAL(name)); \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  if (fd >= 0 && fd < MAX_FD) watched[fd] = 0;
  return REAL(close)(fd);
}

#define CHANGING(type, call, from, length)             \
  if (!is_watched(fd)) return (call);                  \
  pthread_mutex_lock(&one_at_a_time);                  \
  before_change("write", fd, from, length);            \
  type result = (call);                                \
  int failure = errno;                                 \
  pthread_mutex_unlock(&one_at_a_time);                \
  errno = failure;                                     \
  return result;

static size_t total(const struct iovec *parts, int count) {
  size_t sum = 0;
  for (int i = 0; i < count; i++) sum += parts[i].iov_len;
  return sum;
}

ssize_t write(int fd, const void *bytes, size_t length) { CHANGING(ssize_t, REAL(write)(fd, bytes, length), end_for_write(fd), length) }
ssize_t writev(int fd, const struct iovec *parts, int count) { CHANGING(ssize_t, REAL(writev)(fd, parts, count), end_for_write(fd), total(parts, count)) }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { CHANGING(ssize_t, REAL(pwrite)(fd, bytes, length, at), at, length) }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) { CHANGING(ssize_t, REAL(pwrite64)(fd, bytes, length, at), at, length) }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { CHANGING(ssize_t, REAL(pwritev)(fd, parts, count, at), at, total(parts, count)) }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { CHANGING(ssize_t, REAL(pwritev64)(fd, parts, count, at), at, total(parts, count)) }

#define TRUNCATING(call)                                     \
  if (!is_watched(fd)) return (call);                        \
  pthread_mutex_lock(&one_at_a_time);                        \
  before_change("truncate", fd, length, SSIZE_MAX);          \
  int result = (call);                                       \
  pthread_mutex_unlock(&one_at_a_time);                      \
  return result;
int ftruncate(int fd, off_t length) { TRUNCATING(REAL(ftruncate)(fd, length)) }
int ftruncate64(int fd, off64_t length) { TRUNCATING(REAL(ftruncate64)(fd, length)) }

/* Room made ahead lengthens a file as a write of zeros would. */
int posix_fallocate(int fd, off_t from, off_t length) { CHANGING(int, REAL(posix_fallocate)(fd, from, length), from, length) }
int posix_fallocate64(int fd, off64_t from, off64_t length) { CHANGING(int, REAL(posix_fallocate64)(fd, from, length), from, length) }
int fallocate(int fd, int mode, off_t from, off_t length) { CHANGING(int, REAL(fallocate)(fd, mode, from, length), from, length) }
int fallocate64(int fd, int mode, off64_t from, off64_t length) { CHANGING(int, REAL(fallocate64)(fd, mode, from, length), from, length) }

static int sync_slowly(int fd, int (*really)(int)) {
  char path[PATH_MAX] = "", self[64];
  snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(self, path, sizeof path - 1);
  if (length > 0) path[length] = 0;
  int is_ours = is_below_root(path) || (root_length && strcmp(path, root) == 0);
  unsigned long long began = now_ns();
  if (is_ours && delay_ms > 0) {
    struct timespec pause = {delay_ms / 1000, delay_ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
  }
  int result = really(fd);
  struct stat now;
  if (journal >= 0 && is_ours && result == 0 && fstat(fd, &now) == 0)
    record("%llu %s %lu %llu %s\n", now_ns(), S_ISDIR(now.st_mode) ? "synced-folder" : "synced", now.st_ino, began, path);
  return result;
}
int fsync(int fd) { return sync_slowly(fd, REAL(fsync)); }
int fdatasync(int fd) { return sync_slowly(fd, REAL(fdatasync)); }

#define NAMING(path, line, call)                     \
  if (!is_watched_name(path)) return (call);         \
  pthread_mutex_lock(&one_at_a_time);                \
  line;                                              \
  int result = (call);                               \
  int failure = errno;                               \
  pthread_mutex_unlock(&one_at_a_time);              \
  errno = failure;                                   \
  return result;

int rename(const char *from, const char *to) { NAMING(to, record("%llu rename %lu %s\t%s\n", now_ns(), keep(to), from, to), REAL(rename)(from, to)) }
int link(const char *from, const char *to) { NAMING(to, record("%llu create %lu %s\n", now_ns(), inode_of(to), to), REAL(link)(from, to)) }
int unlink(const char *path) { NAMING(path, record("%llu unlink %lu %s\n", now_ns(), keep(path), path), REAL(unlink)(path)) }
int mkdir(const char *path, mode_t mode) { NAMING(path, if (inode_of(path) == 0) record("%llu mkdir 0 %s\n", now_ns(), path), REAL(mkdir)(path, mode)) }
int remove(const char *path) { NAMING(path, record("%llu unlink %lu %s\n", now_ns(), keep(path), path), REAL(remove)(path)) }
