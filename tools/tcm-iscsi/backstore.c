// SPDX-License-Identifier: GPL-2.0
/*
 * What is behind a LUN.
 *
 * target_core has no file that says how large a backstore is. Each kind says it
 * in its own words in `info`, or leaves it to the block device:
 *
 *	fileio	"File: /srv/disk.img  Size: 1073741824  Mode: ..."
 *	user	"Config: rbd/pool/image Size: 1073741824 MaxDataAreaMB: ..."
 *	rd_mcp	"PAGES/PAGE_SIZE: 8192*4096  SG_table_count: ..."
 *	iblock	"UDEV PATH: /dev/sdb  readonly: 0" and "Major: 8 Minor: 16 ..."
 *
 * A name may hold any of these words, therefore the last occurrence counts.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "text.h"
#include "tree.h"

static const char *after_last(const char *text, const char *word)
{
	const char *found = NULL;

	while ((text = strstr(text, word))) {
		text += strlen(word);
		found = text;
	}
	return found;
}

/* The number at @text, up to a character that is no digit; UNKNOWN without one. */
static long long number_at(const char *text, const char **end)
{
	char digits[24];
	size_t len;
	long long value;

	if (!text)
		return UNKNOWN;
	len = strspn(text, "0123456789");
	*end = text + len;
	if (!len || len >= sizeof(digits))
		return UNKNOWN;
	/* Decimal always, even where it begins with 0. */
	snprintf(digits, sizeof(digits), "%.*s", (int)len, text);
	while (len > 1 && *digits == '0')
		memmove(digits, digits + 1, len--);
	return text_number(digits, 0, LLONG_MAX, &value) ? value : UNKNOWN;
}

/* sysfs counts sectors of 512 bytes whatever the device's own are. */
static long long block_size(const struct tool *t, const char *info)
{
	const char *end = NULL;
	long long major, minor, sectors = UNKNOWN;
	char *dir, *value;

	major = number_at(after_last(info, "Major: "), &end);
	minor = major < 0 ? UNKNOWN : number_at(after_last(end, "Minor: "), &end);
	if (minor < 0 || !major || !t->sysfs)
		return UNKNOWN;
	dir = join("%s/dev/block/%lld:%lld", t->sysfs, major, minor);
	value = tree_attr_quiet(dir, "size");
	if (value && !text_number(value, 0, LLONG_MAX / 512, &sectors))
		sectors = UNKNOWN;
	free(value);
	free(dir);
	return sectors < 0 ? UNKNOWN : sectors * 512;
}

static long long size_of(const struct tool *t, const char *info)
{
	const char *end = NULL;
	long long pages, page;

	if (after_last(info, "Major: "))
		return block_size(t, info);
	pages = number_at(after_last(info, "PAGES/PAGE_SIZE: "), &end);
	if (pages >= 0) {
		page = *end == '*' ? number_at(end + 1, &end) : UNKNOWN;
		if (page <= 0 || pages > LLONG_MAX / page)
			return UNKNOWN;
		return pages * page;
	}
	return number_at(after_last(info, " Size: "), &end);
}

/* What the backstore itself calls its file or device. */
static char *path_of(const char *info)
{
	static const struct {
		const char *before;
		const char *after;
	} kind[] = {
		{ "  File: ", "  Size: " },
		{ "  UDEV PATH: ", "  readonly: " },
	};
	const char *from, *to;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kind); i++) {
		from = strstr(info, kind[i].before);
		to = after_last(info, kind[i].after);
		if (!from || !to)
			continue;
		from += strlen(kind[i].before);
		to -= strlen(kind[i].after);
		if (to >= from)
			return join("%.*s", (int)(to - from), from);
	}
	return NULL;
}

/* "../../../../../../target/core/fileio_0/disk" -> "fileio_0/disk", NULL otherwise */
static char *name_of(const char *link)
{
	const char *name = after_last(link, "/core/");
	const char *slash = name ? strchr(name, '/') : NULL;

	if (!slash || slash == name || !slash[1] || strchr(slash + 1, '/'))
		return NULL;
	return copy(name);
}

void backstore_load(struct tool *t, const char *lun_dir, struct lun *lun)
{
	char *link = tree_link(t, lun_dir);
	char *dir, *info;

	lun->size = UNKNOWN;
	lun->path = NULL;
	lun->backstore = link ? name_of(link) : NULL;
	if (link && !lun->backstore)
		problem_add(t, tree_short(t, lun_dir),
			    "links to something that is no backstore below target/core; not shown");
	free(link);
	if (!lun->backstore)
		return;

	dir = join("%s/target/core/%s", t->configfs, lun->backstore);
	info = tree_attr(t, dir, "info");
	if (info)
		lun->size = size_of(t, info);
	lun->path = tree_attr(t, dir, "udev_path");
	if (info && (!lun->path || !*lun->path)) {
		free(lun->path);
		lun->path = path_of(info);
	}
	free(info);
	free(dir);
}
