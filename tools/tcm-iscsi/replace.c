// SPDX-License-Identifier: GPL-2.0
/*
 * Replacing a file.
 *
 * The new text goes to a file of its own, which nobody else can read from its first
 * moment, and to the disk, before it takes the old one's name; then the directory goes
 * to the disk. So whatever is cut off, power or program, the name leads to the whole of
 * the old text or to the whole of the new one. What an earlier attempt left behind is
 * removed by the next.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replace.h"
#include "text.h"
#include "tool.h"

#define RANDOM_CHARS	6

static char *failed(const char *what)
{
	return join("%s: %s", what, strerror(errno));
}

/* ".NAME.XXXXXX" of somebody who was killed. */
static void remove_strays(int dir, const char *base)
{
	char *prefix = join(".%s.", base);
	const int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	const char *rest;

	while (stream && (entry = readdir(stream)))
		if (text_prefix(entry->d_name, prefix, &rest) && strlen(rest) == RANDOM_CHARS)
			unlinkat(dir, entry->d_name, 0);
	if (stream)
		closedir(stream);
	free(prefix);
}

static bool write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	for (; len; text += n, len -= n) {
		n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return false;
	}
	return !fsync(fd);
}

/* Return: NULL, or what failed; then there is no such file. */
static char *write_new(const char *path, const char *text, size_t len)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	char *why = NULL;

	if (fd < 0)
		return failed("the new file cannot be made");
	/* The mode of open() is less what umask takes away. */
	if (fchmod(fd, 0600) || !write_all(fd, text, len))
		why = failed("the new file cannot be written");
	if (close(fd) && !why)
		why = failed("the new file cannot be written");
	if (why)
		unlink(path);
	return why;
}

/*
 * NAME.1 becomes NAME.2 and so on, and NAME another name, NAME.1. It holds secrets as the
 * new one does, and whoever made it may have let everybody read it.
 */
static char *keep_backup(int dir, const char *base, int backups)
{
	char *from, *to, *why = NULL;
	int i;

	if (!backups)
		return NULL;
	for (i = backups - 1; i >= 1; i--) {
		from = join("%s.%d", base, i);
		to = join("%s.%d", base, i + 1);
		if (renameat(dir, from, dir, to) && errno != ENOENT)
			why = failed("the backups cannot be renamed");
		free(from);
		free(to);
		if (why)
			return why;
	}
	to = join("%s.1", base);
	if (linkat(dir, base, dir, to, 0)) {
		if (errno != ENOENT)
			why = failed("no backup can be made");
	} else if (fchmodat(dir, to, 0600, 0)) {
		why = failed("the backup cannot be kept from others");
	}
	free(to);
	return why;
}

static char *random_name(const char *dir, const char *base)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	char tail[RANDOM_CHARS + 1] = "";
	unsigned char byte = 0;
	const int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	size_t i;

	for (i = 0; i < RANDOM_CHARS; i++) {
		if (fd < 0 || read(fd, &byte, 1) != 1)
			byte = getpid() >> i;
		tail[i] = letters[byte % (sizeof(letters) - 1)];
	}
	if (fd >= 0)
		close(fd);
	return join("%s/.%s.%s", dir, base, tail);
}

/* /etc/target is not there before the first save. */
static void make_directory(const char *dir)
{
	char *up;
	int fd;

	if (mkdir(dir, 0755))
		return;
	up = join("%s/..", dir);
	fd = open(up, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(up);
}

static char *replace_in(const char *dir, const char *base, const char *text, size_t len,
			int backups)
{
	const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *path, *why;

	if (fd < 0)
		return failed("the directory cannot be opened");
	remove_strays(fd, base);
	path = random_name(dir, base);
	why = write_new(path, text, len);
	if (!why) {
		why = keep_backup(fd, base, backups);
		if (!why && renameat(AT_FDCWD, path, fd, base))
			why = failed("the new file cannot take its name");
		if (why)
			unlink(path);
		else if (fsync(fd))
			why = failed("the directory cannot be written");
	}
	free(path);
	close(fd);
	return why;
}

char *replace_file(const char *name, const char *text, size_t len, int backups)
{
	char *real = realpath(name, NULL), *path = real ? real : copy(name);
	char *slash = strrchr(path, '/'), *why;
	const char *dir = slash ? path : ".";

	if (slash == path)
		dir = "/";
	if (slash)
		*slash = '\0';
	if (!real)
		make_directory(dir);
	why = replace_in(dir, slash ? slash + 1 : path, text, len, backups);
	free(path);
	return why;
}
