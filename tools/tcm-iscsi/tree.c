// SPDX-License-Identifier: GPL-2.0
/*
 * Reading configfs and sysfs.
 *
 * The tree may be a copy that anybody made, so nothing is taken for granted: only
 * regular files are read (opening a pipe must not block), only so much of them,
 * and links are read rather than followed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "text.h"
#include "tree.h"

/* 20 ms at most for each file: a thousand times what configfs takes. */
#define RETRIES		5
#define RETRY_NS	5000000

const char *tree_short(const struct tool *t, const char *path)
{
	const char *rest;

	if (!text_prefix(path, t->configfs, &rest))
		return path;
	while (*rest == '/')
		rest++;
	return *rest ? rest : path;
}

bool tree_is_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* Return: 0 or a negative errno. One byte beyond the limit is enough to know. */
static int read_all(int fd, char *data, size_t *len)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	for (; *len <= TREE_READ_MAX; *len += n) {
		n = read(fd, data + *len, TREE_READ_MAX + 1 - *len);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return -errno;
		else if (!n)
			return 0;
	}
	return -EFBIG;
}

char *tree_read(const char *path, size_t *len)
{
	/* In one piece: a secret must not be left behind in a smaller one. */
	char *data = alloc(TREE_READ_MAX + 2);
	int fd, error;

	*len = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
	if (fd < 0) {
		error = -errno;
	} else {
		error = read_all(fd, data, len);
		close(fd);
	}
	if (error) {
		free(data);
		errno = -error;
		return NULL;
	}
	data[*len] = '\0';
	return data;
}

static void unreadable(struct tool *t, const char *path, int error)
{
	char *text;

	switch (error) {
	case EACCES:
	case EPERM:
		text = join("cannot be read: %s; run as root", strerror(error));
		break;
	case ENOENT:
		text = copy("is missing; is this a complete configfs tree of an iSCSI target?");
		break;
	case EFBIG:
		text = join("has more than %d bytes, no attribute has; not read", TREE_READ_MAX);
		break;
	case EINVAL:
	case ELOOP:
		text = copy("is not a regular file; not read");
		break;
	case EILSEQ:
		text = copy("holds a NUL byte, no attribute of this kind does; not used");
		break;
	default:
		text = join("cannot be read: %s; see the kernel log (dmesg)", strerror(error));
	}
	problem_add(t, tree_short(t, path), text);
	free(text);
}

/*
 * One newline is the kernel's; more of them are part of the value. A copy made by
 * tar, and cp makes none, is filled up with NUL bytes to the 4096 bytes that
 * configfs said the file had.
 */
static char *attr_of(const char *path)
{
	size_t len;
	char *data = tree_read(path, &len);

	if (!data)
		return NULL;
	while (len && !data[len - 1])
		len--;
	if (memchr(data, '\0', len)) {
		free(data);
		errno = EILSEQ;
		return NULL;
	}
	if (len && data[len - 1] == '\n')
		data[len - 1] = '\0';
	return data;
}

/*
 * While the kernel makes or removes an object, its directory is there and its
 * files are not. So what is missing gets another moment: to appear, or for the
 * directory to go. False when @dir is gone or time is up; errno stays.
 */
static bool try_again(const char *dir, int *tries)
{
	const struct timespec pause = { .tv_nsec = RETRY_NS };
	const int error = errno;
	bool again;

	again = error == ENOENT && tree_is_dir(dir) && ++*tries < RETRIES;
	if (again)
		nanosleep(&pause, NULL);
	errno = error;
	return again;
}

char *tree_attr(struct tool *t, const char *dir, const char *name)
{
	char *path = join("%s/%s", dir, name);
	int tries = 0;
	char *value;

	do
		value = attr_of(path);
	while (!value && try_again(dir, &tries));
	if (!value && (errno != ENOENT || tries == RETRIES))
		unreadable(t, path, errno);
	free(path);
	return value;
}

char *tree_attr_quiet(const char *dir, const char *name)
{
	char *path = join("%s/%s", dir, name);
	char *value = attr_of(path);

	free(path);
	return value;
}

long long tree_number(struct tool *t, const char *dir, const char *name, long long max)
{
	char *value = tree_attr(t, dir, name);
	long long number = -1;
	char *path, *text;

	if (value && !text_number(value, 0, max, &number)) {
		path = join("%s/%s", dir, name);
		text = join("holds '%.32s', not a number from 0 to %lld; not used", value, max);
		problem_add(t, tree_short(t, path), text);
		free(path);
		free(text);
	}
	free(value);
	return number;
}

static int by_number(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

static bool is_kind(int dir, const struct dirent *entry, mode_t kind)
{
	struct stat st;

	if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
		return false;
	return !fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
	       (st.st_mode & S_IFMT) == kind;
}

/* @owner is the object that would be incomplete without @dir. */
static void list(struct tool *t, const char *owner, const char *dir, mode_t kind,
		 struct names *names)
{
	struct dirent *entry;
	int tries = 0;
	DIR *stream;

	names->name = NULL;
	names->count = 0;
	do
		stream = opendir(dir);
	while (!stream && try_again(owner, &tries));
	if (!stream) {
		if (errno != ENOENT || tries == RETRIES)
			unreadable(t, dir, errno);
		return;
	}
	while ((entry = readdir(stream))) {
		if (!is_kind(dirfd(stream), entry, kind))
			continue;
		if (names->count == TREE_LIST_MAX) {
			problem_add(t, tree_short(t, dir),
				    "has too many entries; the rest is not shown");
			break;
		}
		names->name = grow(names->name, names->count, sizeof(*names->name));
		names->name[names->count++] = copy(entry->d_name);
	}
	closedir(stream);
	if (names->count)
		qsort(names->name, names->count, sizeof(*names->name), by_number);
}

void tree_list(struct tool *t, const char *dir, const char *sub, struct names *names)
{
	char *path = sub ? join("%s/%s", dir, sub) : copy(dir);

	list(t, dir, path, S_IFDIR, names);
	free(path);
}

void tree_list_free(struct names *names)
{
	while (names->count)
		free(names->name[--names->count]);
	free(names->name);
	names->name = NULL;
}

char *tree_link(struct tool *t, const char *dir)
{
	char *target = alloc(PATH_MAX + 1);
	struct names links;
	ssize_t len = -1;
	char *path;

	list(t, dir, dir, S_IFLNK, &links);
	if (links.count) {
		path = join("%s/%s", dir, links.name[0]);
		len = readlink(path, target, PATH_MAX);
		free(path);
	}
	tree_list_free(&links);
	if (len < 0) {
		free(target);
		return NULL;
	}
	target[len] = '\0';
	return target;
}
