// SPDX-License-Identifier: GPL-2.0
/*
 * Reading many attributes fast.
 *
 * O_NONBLOCK and a bounded buffer are all the care that a tree made by somebody else
 * needs here: a pipe without writer reads as empty, a directory not at all.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attr.h"
#include "member.h"
#include "text.h"

/* Said one by one; a tree in which more is missing is not ours. */
#define FAILED_MAX	10

int attr_open(int dir, const char *path)
{
	return openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void attr_failed(struct attr_reader *r, const char *path)
{
	char *text;

	if (r->failed++ >= FAILED_MAX)
		return;
	text = join("cannot be read: %s", strerror(errno));
	problem_add(r->t, path, text);
	free(text);
}

static ssize_t read_some(struct attr_reader *r, int dir, const char *name)
{
	const int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	ssize_t len, total = 0;
	int error;

	if (fd < 0)
		return -errno;
	/* configfs gives an attribute in one piece; a short one needs no second look. */
	do {
		len = read(fd, r->data + total, ATTR_BYTES - total);
		total += len > 0 ? len : 0;
	} while ((len < 0 && errno == EINTR) || (len > 0 && total >= 4096 && total < ATTR_BYTES));
	error = len < 0 ? errno : 0;
	close(fd);
	if (total == ATTR_BYTES)
		error = EFBIG;
	return error ? -error : total;
}

const char *attr_get(struct attr_reader *r, int dir, const char *name)
{
	ssize_t len = read_some(r, dir, name);
	char *start = r->data;

	if (len < 0) {
		errno = -len;
		return NULL;
	}
	/* A tree copied by tar has NUL bytes up to the size that configfs claims. */
	while (len && (isspace((unsigned char)r->data[len - 1]) || !r->data[len - 1]))
		len--;
	r->data[len] = '\0';
	while (isspace((unsigned char)*start))
		start++;
	return start;
}

static char *path_of(int dir, const char *name)
{
	char link[PATH_MAX], *proc = join("/proc/self/fd/%d", dir), *path;
	const ssize_t len = readlink(proc, link, sizeof(link) - 1);
	const char *target;

	free(proc);
	if (len < 0)
		return copy(name);
	link[len] = '\0';
	target = strstr(link, "/target");
	path = join("%s/%s", target ? target + 1 : link, name);
	return path;
}

const char *attr_need(struct attr_reader *r, int dir, const char *name)
{
	const char *value = attr_get(r, dir, name);
	const int error = errno;
	char *path;

	if (value)
		return value;
	path = path_of(dir, name);
	errno = error;
	attr_failed(r, path);
	free(path);
	return NULL;
}

long long attr_number(struct attr_reader *r, int dir, const char *name)
{
	const char *value = attr_get(r, dir, name);
	long long number;

	return value && text_number(value, 0, LLONG_MAX, &number) ? number : -1;
}

void attr_wipe(struct attr_reader *r)
{
	explicit_bzero(r->data, sizeof(r->data));
}

static int by_number(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * As the system call has it: opendir() asks for more than is needed, and there are tens of
 * thousands of small directories.
 */
struct entry {
	unsigned long long inode;
	long long offset;
	unsigned short len;
	unsigned char type;
	char name[];
};

static bool is_kind(int dir, const struct entry *entry, bool links)
{
	struct stat st;

	if (*entry->name == '.' && (!entry->name[1] || !strcmp(entry->name, "..")))
		return false;
	if (entry->type != DT_UNKNOWN)
		return entry->type == (links ? DT_LNK : DT_DIR);
	return !fstatat(dir, entry->name, &st, AT_SYMLINK_NOFOLLOW) &&
	       (links ? S_ISLNK(st.st_mode) : S_ISDIR(st.st_mode));
}

static DIR *open_list(int dir, const char *sub)
{
	const int fd = attr_open(dir, sub);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	if (!stream && fd >= 0)
		close(fd);
	return stream;
}

void attr_list_open(int dir, bool links, char ***names, size_t *count)
{
	unsigned long long data[1024];
	const struct entry *entry;
	long len, at;

	*names = NULL;
	*count = 0;
	while ((len = syscall(SYS_getdents64, dir, data, sizeof(data))) > 0) {
		for (at = 0; at < len; at += entry->len) {
			entry = (const struct entry *)((const char *)data + at);
			if (!is_kind(dir, entry, links))
				continue;
			*names = grow(*names, *count, sizeof(**names));
			(*names)[(*count)++] = copy(entry->name);
		}
	}
	if (*count)
		qsort(*names, *count, sizeof(**names), by_number);
}

bool attr_list(int dir, const char *sub, bool links, char ***names, size_t *count)
{
	const int fd = attr_open(dir, sub);

	*names = NULL;
	*count = 0;
	if (fd < 0)
		return false;
	attr_list_open(fd, links, names, count);
	close(fd);
	return true;
}

void attr_list_free(char **names, size_t count)
{
	while (count)
		free(names[--count]);
	free(names);
}

/* -- settings -- */

static bool list_settings(int dir, struct attr_names *names)
{
	DIR *stream = open_list(dir, ".");
	struct dirent *entry;
	struct stat st;

	if (!stream)
		return false;
	while ((entry = readdir(stream))) {
		if (fstatat(dirfd(stream), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode) ||
		    (st.st_mode & 0600) != 0600)
			continue;
		names->name = grow(names->name, names->count, sizeof(*names->name));
		names->name[names->count++] = copy(entry->d_name);
	}
	closedir(stream);
	if (names->count)
		qsort(names->name, names->count, sizeof(*names->name), by_name);
	names->known = true;
	return true;
}

void attr_names_free(struct attr_names *names)
{
	attr_list_free(names->name, names->count);
	memset(names, 0, sizeof(*names));
}

/* A number as Python has it, which reads it after us: no base but ten. */
static json_t *value_of(const char *text, bool numbers)
{
	const char *digits = text + (*text == '-');
	long long number;
	char *end;

	if (!numbers || !*digits || digits[strspn(digits, "0123456789")])
		return json_text(text);
	errno = 0;
	number = strtoll(text, &end, 10);
	return errno ? json_text(text) : json_have(json_integer(number));
}

json_t *attr_settings(struct attr_reader *r, int dir, const char *sub, bool numbers,
		      struct attr_names *names)
{
	struct attr_names own = { 0 };
	const int fd = attr_open(dir, sub);
	json_t *settings = NULL;
	const char *value;
	size_t i;

	if (fd < 0)
		return NULL;
	if (!names)
		names = &own;
	if (names->known || list_settings(fd, names))
		settings = json_have(json_object());
	for (i = 0; settings && i < names->count; i++) {
		value = attr_need(r, fd, names->name[i]);
		if (value)
			member_set(settings, names->name[i], value_of(value, numbers));
	}
	close(fd);
	attr_names_free(&own);
	if (!json_object_size(settings)) {
		json_decref(settings);
		settings = NULL;
	}
	return settings;
}

json_t *attr_chosen(struct attr_reader *r, int dir, const char *sub, bool numbers,
		    const json_t *names)
{
	json_t *settings = NULL, *unused;
	const char *name, *value;
	int fd;

	if (!json_object_size(names))
		return NULL;
	fd = attr_open(dir, sub);
	if (fd < 0)
		return NULL;
	json_object_foreach((json_t *)names, name, unused) {
		value = attr_get(r, fd, name);
		if (!value)
			continue;
		if (!settings)
			settings = json_have(json_object());
		member_set(settings, name, value_of(value, numbers));
	}
	close(fd);
	return settings;
}
