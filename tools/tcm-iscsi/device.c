// SPDX-License-Identifier: GPL-2.0
/*
 * The file or device that a backstore is to use.
 *
 * What is not there may come later: a disk that is found late, a volume that is not
 * active yet, a file system that is not mounted. It is never created: the kernel
 * would make an empty file of the right name, and an initiator take it for its disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "device.h"
#include "member.h"
#include "plugin.h"
#include "text.h"

bool device_is_unstable(const char *path)
{
	static const char *const prefix[] = {
		"sd", "hd", "vd", "xvd", "nvme", "dm-", "loop", "md", "mmcblk", "sr", "sg", "st",
		"nst", "zd", "nbd", "rbd",
	};
	const char *name, *rest;
	size_t i;

	if (!text_prefix(path, "/dev/", &name) || strchr(name, '/'))
		return false;
	for (i = 0; i < ARRAY_SIZE(prefix); i++)
		if (text_prefix(name, prefix[i], &rest) && *rest && strlen(rest) <= 8 &&
		    strcspn(rest, "-_.") == strlen(rest))
			return true;
	return false;
}

bool device_is_busy(const char *path)
{
	const int fd = open(path, O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return errno == EBUSY;
	close(fd);
	return false;
}

/* "H:C:T:L", nothing else. */
static bool parse_address(const char *text, unsigned int hctl[4])
{
	int used = 0;

	return strspn(text, "0123456789:") == strlen(text) && strlen(text) < 40 &&
	       sscanf(text, "%u:%u:%u:%u%n", &hctl[0], &hctl[1], &hctl[2], &hctl[3], &used) == 4 &&
	       !text[used];
}

bool device_address(const struct tool *t, const char *dev, unsigned int hctl[4])
{
	char link[PATH_MAX], *path;
	const char *slash;
	struct stat st;
	ssize_t len;

	if (parse_address(dev, hctl))
		return true;
	if (!t->sysfs || stat(dev, &st) || !(S_ISBLK(st.st_mode) || S_ISCHR(st.st_mode)))
		return false;
	path = join("%s/dev/%s/%u:%u/device", t->sysfs, S_ISBLK(st.st_mode) ? "block" : "char",
		    major(st.st_rdev), minor(st.st_rdev));
	len = readlink(path, link, sizeof(link) - 1);
	free(path);
	if (len < 0)
		return false;
	link[len] = '\0';
	slash = strrchr(link, '/');
	return parse_address(slash ? slash + 1 : link, hctl);
}

static void settle(struct device *device, enum device_state state, char *why)
{
	device->state = state;
	free(device->why);
	device->why = why;
}

static void look_at_path(const char *path, enum plugin_kind kind, struct device *device)
{
	struct stat st;

	device->identity = copy(path);
	if (*path != '/') {
		settle(device, DEVICE_WRONG, copy("expected a path that begins with '/'"));
		return;
	}
	if (stat(path, &st)) {
		if (errno == ENOENT || errno == ENOTDIR || errno == ENXIO || errno == ENODEV)
			settle(device, DEVICE_MISSING, join("%s is not there", path));
		else
			settle(device, DEVICE_WRONG,
			       join("%s cannot be looked at: %s", path, strerror(errno)));
		return;
	}
	free(device->identity);
	device->is_block = S_ISBLK(st.st_mode);
	if (S_ISBLK(st.st_mode) || S_ISCHR(st.st_mode))
		device->identity = join("%s %u:%u", S_ISBLK(st.st_mode) ? "block" : "char",
					major(st.st_rdev), minor(st.st_rdev));
	else
		device->identity = join("file %llu:%llu", (unsigned long long)st.st_dev,
					(unsigned long long)st.st_ino);
	if (S_ISREG(st.st_mode))
		device->size = st.st_size;

	if (kind == PLUGIN_BLOCK && !S_ISBLK(st.st_mode))
		settle(device, DEVICE_WRONG, join("%s is no block device", path));
	else if (kind == PLUGIN_FILEIO && !S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
		settle(device, DEVICE_WRONG,
		       join("%s is neither a file nor a block device", path));
	else if (kind == PLUGIN_PSCSI && !S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode))
		settle(device, DEVICE_WRONG, join("%s is no SCSI device", path));
}

static void look_at_address(const struct tool *t, const char *dev, struct device *device)
{
	char *path = join("%s/class/scsi_device/%s", t->sysfs ? t->sysfs : "", dev);

	device->identity = join("scsi %s", dev);
	if (access(path, F_OK))
		settle(device, DEVICE_MISSING, join("SCSI device %s is not there", dev));
	free(path);
}

void device_look(const struct tool *t, const json_t *store, struct device *device)
{
	const enum plugin_kind kind = plugin_of(store);
	const char *dev = member_str(store, "dev");
	unsigned int hctl[4];

	memset(device, 0, sizeof(*device));
	device->size = -1;
	if (!dev || kind == PLUGIN_RAMDISK || kind == PLUGIN_USER)
		return;
	if (kind == PLUGIN_PSCSI && parse_address(dev, hctl))
		look_at_address(t, dev, device);
	else
		look_at_path(dev, kind, device);
}

void device_free(struct device *device)
{
	free(device->identity);
	free(device->why);
}
