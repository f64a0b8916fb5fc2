// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel for tests of restore, linked into the program in front of the system calls
 * that change configfs (ld --wrap): on an ordinary directory it makes the files that an
 * object has, refuses to remove what is in use, and shows values as target_core does.
 *
 * It can fail, or kill or ask to end the program, at one of these calls: FAKE_FAIL=N,
 * FAKE_KILL=N, FAKE_TERM=N count them from 1. FAKE_STUCK=TEXT never returns from one whose
 * path has that in it, as a backstore that does not answer. FAKE_COUNT=FILE gets how many
 * there were. A portal with port 3999 cannot be made, and the value -5 is taken by no setting.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MADE	".made"		/* in each directory that was asked for */
#define CONTROL	".control"	/* what a backstore was told */

int __real_mkdirat(int dir, const char *path, mode_t mode);
int __real_symlinkat(const char *to, int dir, const char *path);
int __real_unlinkat(int dir, const char *path, int flags);
ssize_t __real_pwrite(int fd, const void *data, size_t len, off_t at);
int __wrap_mkdirat(int dir, const char *path, mode_t mode);
int __wrap_symlinkat(const char *to, int dir, const char *path);
int __wrap_unlinkat(int dir, const char *path, int flags);
ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at);

static char top[PATH_MAX];	/* target/ */

static bool path_of_fd(int fd, char path[PATH_MAX])
{
	char proc[40];
	ssize_t len;

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	len = readlink(proc, path, PATH_MAX - 1);
	path[len > 0 ? len : 0] = '\0';
	return len > 0;
}

/* Is @dir target/? Then @top is it. */
static bool is_target(int dir)
{
	char path[PATH_MAX];
	size_t len;

	if (dir == AT_FDCWD || !path_of_fd(dir, path))
		return false;
	len = strlen(path);
	if (len < 7 || strcmp(path + len - 7, "/target"))
		return false;
	memcpy(top, path, len + 1);
	return true;
}

/*
 * The program has threads and processes; what is made up here is done by one at a time.
 * @program: the first of the processes
 * @calls: so many there were
 */
static struct {
	pthread_mutex_t lock;
	pid_t program;
	int calls;
} *all;

__attribute__((constructor)) static void begin(void)
{
	pthread_mutexattr_t shared;

	all = mmap(NULL, sizeof(*all), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (all == MAP_FAILED)
		abort();
	pthread_mutexattr_init(&shared);
	pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&all->lock, &shared);
	all->program = getpid();
}

/* -1 and errno if this call is the one to fail. */
static int counted(const char *path)
{
	const char *stuck = getenv("FAKE_STUCK");
	const char *fail = getenv("FAKE_FAIL"), *slay = getenv("FAKE_KILL");
	const char *end = getenv("FAKE_TERM"), *name = getenv("FAKE_COUNT");
	FILE *file;

	if (stuck && strstr(path, stuck)) {
		pthread_mutex_unlock(&all->lock);
		while (true)
			pause();
	}
	all->calls++;
	file = name ? fopen(name, "w") : NULL;
	if (file) {
		fprintf(file, "%d\n", all->calls);
		fclose(file);
	}
	if (slay && atoi(slay) == all->calls) {
		/* With the lock, so that nobody does anything after this. */
		kill(all->program, SIGKILL);
		raise(SIGKILL);
	}
	if (end && atoi(end) == all->calls)
		kill(all->program, SIGTERM);
	if (!fail || atoi(fail) != all->calls)
		return 0;
	errno = EIO;
	return -1;
}

static void put(const char *dir, const char *name, const char *value)
{
	char path[PATH_MAX * 2], *slash;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	mkdir(path, 0755);
	*slash = '/';
	file = fopen(path, "w");
	if (file) {
		fprintf(file, "%s\n", value);
		fclose(file);
	}
}

static void put_auth(const char *dir)
{
	put(dir, "userid", "");
	put(dir, "password", "");
	put(dir, "userid_mutual", "");
	put(dir, "password_mutual", "");
}

static void put_group(const char *dir)
{
	static const char *const zero[] = {
		"tg_pt_gp_id", "alua_access_state", "alua_write_metadata", "preferred",
		"nonop_delay_msecs", "trans_delay_msecs", "implicit_trans_secs",
		"alua_support_offline", "alua_support_standby", "alua_support_transitioning",
		"alua_support_active_nonoptimized", "alua_support_unavailable",
		"alua_support_active_optimized",
	};
	size_t i;

	mkdir(dir, 0755);
	for (i = 0; i < sizeof(zero) / sizeof(zero[0]); i++)
		put(dir, zero[i], "0");
	put(dir, "alua_access_type", "Implicit and Explicit");
	put(dir, "alua_access_status", "None");
}

/* It has no number before it gets one, and then it keeps that. */
static void put_new_group(const char *dir)
{
	put_group(dir);
	put(dir, "tg_pt_gp_id", "");
}

static void put_store(const char *dir)
{
	char sub[PATH_MAX * 2];

	put(dir, "enable", "0");
	put(dir, "control", "");
	put(dir, "info", "");
	put(dir, "udev_path", "");
	put(dir, "wwn/vpd_unit_serial", "T10 VPD Unit Serial Number: ");
	put(dir, "pr/res_aptpl_metadata", "");
	put(dir, "attrib/block_size", "512");
	put(dir, "attrib/emulate_write_cache", "0");
	snprintf(sub, sizeof(sub), "%s/alua", dir);
	mkdir(sub, 0755);
	snprintf(sub, sizeof(sub), "%s/alua/default_tg_pt_gp", dir);
	put_group(sub);
}

static void put_tpg(const char *dir)
{
	static const char *const empty[] = { "np", "lun", "acls", "auth" };
	char sub[PATH_MAX * 2];
	size_t i;

	put(dir, "enable", "0");
	put(dir, "attrib/authentication", "1");
	put(dir, "attrib/default_cmdsn_depth", "64");
	put(dir, "attrib/demo_mode_write_protect", "1");
	put(dir, "attrib/generate_node_acls", "0");
	put(dir, "param/AuthMethod", "CHAP");
	for (i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		snprintf(sub, sizeof(sub), "%s/%s", dir, empty[i]);
		mkdir(sub, 0755);
	}
	put_auth(sub);
}

/* The files of the object at @path, by how deep it is and what it is in. */
static void populate(const char *path)
{
	char dir[PATH_MAX * 2], sub[PATH_MAX * 3];
	const char *slash = path;
	int depth = 0;

	while ((slash = strchr(slash, '/'))) {
		slash++;
		depth++;
	}
	snprintf(dir, sizeof(dir), "%s/%s", top, path);
	snprintf(sub, sizeof(sub), "%s/auth", dir);
	put(dir, MADE, "");
	if (!strncmp(path, "core/", 5)) {
		if (depth == 2)
			put_store(dir);
		else if (depth == 4)
			put_new_group(dir);
	} else if (!depth) {
		put(dir, "discovery_auth/enforce_discovery_auth", "0");
		snprintf(sub, sizeof(sub), "%s/discovery_auth", dir);
		put_auth(sub);
	} else if (depth == 1) {
		put(dir, "param/cmd_completion_affinity", "-1");
	} else if (depth == 2) {
		put_tpg(dir);
	} else if (strstr(path, "/np/")) {
		put(dir, "iser", "0");
		put(dir, "cxgbit", "0");
	} else if (strstr(path, "/acls/") && depth == 4) {
		mkdir(sub, 0755);
		put_auth(sub);
		put(dir, "attrib/authentication", "-1");
		put(dir, "tag", "");
		put(dir, "cmdsn_depth", "64");
	} else {
		put(dir, strstr(path, "/acls/") ? "write_protect" : "alua_tg_pt_gp", "");
	}
}

static int made_up_mkdirat(int dir, const char *path, mode_t mode)
{
	const size_t len = strlen(path);

	if (!is_target(dir))
		return __real_mkdirat(dir, path, mode);
	if (counted(path))
		return -1;
	if (len > 5 && !strcmp(path + len - 5, ":3999")) {
		errno = EINVAL;
		return -1;
	}
	if (__real_mkdirat(dir, path, mode))
		return -1;
	populate(path);
	return 0;
}

int __wrap_mkdirat(int dir, const char *path, mode_t mode)
{
	int result;
	int error;

	pthread_mutex_lock(&all->lock);
	result = made_up_mkdirat(dir, path, mode);
	error = errno;
	pthread_mutex_unlock(&all->lock);
	errno = error;
	return result;
}

static int made_up_symlinkat(const char *to, int dir, const char *path)
{
	char value[PATH_MAX];
	struct stat st;
	char *slash;

	if (!is_target(dir))
		return __real_symlinkat(to, dir, path);
	if (counted(path))
		return -1;
	if (stat(to, &st) || !S_ISDIR(st.st_mode)) {
		errno = ENOENT;
		return -1;
	}
	if (__real_symlinkat(to, dir, path))
		return -1;
	snprintf(value, sizeof(value), "%s/%s", top, path);
	slash = strrchr(value, '/');
	*slash = '\0';
	if (strstr(path, "/acls/"))
		put(value, "write_protect", "0");
	else
		put(value, "alua_tg_pt_gp", "TG Port Alias: default_tg_pt_gp");
	return 0;
}

int __wrap_symlinkat(const char *to, int dir, const char *path)
{
	int result;
	int error;

	pthread_mutex_lock(&all->lock);
	result = made_up_symlinkat(to, dir, path);
	error = errno;
	pthread_mutex_unlock(&all->lock);
	errno = error;
	return result;
}

static char removing[PATH_MAX];
static bool in_use;

static int see_use(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	const size_t len = strlen(removing);
	const bool below = !strncmp(path, removing, len) && path[len] == '/';
	char made[PATH_MAX * 2], to[PATH_MAX];

	(void)st;
	(void)ftw;
	if (kind == FTW_SL) {
		in_use |= below;
		in_use |= realpath(path, to) && !strcmp(to, removing);
	} else if (kind == FTW_D && below) {
		snprintf(made, sizeof(made), "%s/" MADE, path);
		in_use |= !access(made, F_OK);
	}
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static int made_up_unlinkat(int dir, const char *path, int flags)
{
	char whole[PATH_MAX * 2];

	if (!is_target(dir))
		return __real_unlinkat(dir, path, flags);
	if (counted(path))
		return -1;
	if (!(flags & AT_REMOVEDIR))
		return __real_unlinkat(dir, path, flags);
	snprintf(whole, sizeof(whole), "%s/%s", top, path);
	if (!realpath(whole, removing))
		return -1;
	in_use = false;
	nftw(top, see_use, 20, FTW_PHYS);
	if (in_use) {
		errno = EBUSY;
		return -1;
	}
	return nftw(removing, remove_one, 20, FTW_PHYS | FTW_DEPTH);
}

int __wrap_unlinkat(int dir, const char *path, int flags)
{
	int result;
	int error;

	pthread_mutex_lock(&all->lock);
	result = made_up_unlinkat(dir, path, flags);
	error = errno;
	pthread_mutex_unlock(&all->lock);
	errno = error;
	return result;
}

/* -- writing -- */

static const char *told(const char *control, const char *key, const char *missing)
{
	static char value[8][PATH_MAX];
	const char *found = strstr(control, key);
	static int next;
	char *into = value[next++ % 8];

	snprintf(into, PATH_MAX, "%s", found ? found + strlen(key) : missing);
	into[strcspn(into, ",\n")] = '\0';
	return into;
}

/* What a backstore shows of itself, from what it was told. */
static int enable_store(const char *dir)
{
	char control[8192] = "", path[PATH_MAX * 2], info[PATH_MAX * 3];
	FILE *file;

	snprintf(path, sizeof(path), "%s/" CONTROL, dir);
	file = fopen(path, "r");
	if (!file || !fread(control, 1, sizeof(control) - 1, file)) {
		errno = EINVAL;
		return -1;
	}
	fclose(file);
	if (strstr(dir, "/fileio_"))
		snprintf(info, sizeof(info), "File: %s  Size: %s  Mode: O_DSYNC Async: %s",
			 told(control, "fd_dev_name=", ""), told(control, "fd_dev_size=", "0"),
			 told(control, "fd_async_io=", "0"));
	else if (strstr(dir, "/rd_mcp_"))
		snprintf(info, sizeof(info), "PAGES/PAGE_SIZE: %s*4096  nullio: %s",
			 told(control, "rd_pages=", "0"), told(control, "rd_nullio=", "0"));
	else if (strstr(dir, "/user_"))
		snprintf(info, sizeof(info), "Config: %s Size: %s MaxDataAreaMB: 8",
			 told(control, "dev_config=", ""), told(control, "dev_size=", "0"));
	else
		snprintf(info, sizeof(info), "readonly: %s", told(control, "readonly=", "0"));
	snprintf(path, sizeof(path), "SectorSize: 512  HwMaxSectors: 128\n  %.4000s", info);
	put(dir, "info", path);
	return 0;
}

static void remember(const char *dir, const char *text)
{
	char path[PATH_MAX * 2];
	FILE *file;

	snprintf(path, sizeof(path), "%s/" CONTROL, dir);
	file = fopen(path, "a");
	if (file) {
		fprintf(file, "%s\n", text);
		fclose(file);
	}
}

/* An attribute @name of @dir gets @text; what is shown then need not be the same. */
static int attribute(const char *dir, const char *name, const char *text)
{
	static const char *const types[] = {
		"None", "Implicit", "Explicit", "Implicit and Explicit",
	};
	static const char *const statuses[] = {
		"None", "Altered by Explicit STPG", "Altered by Implicit ALUA",
	};
	const bool tpg = strstr(dir, "/tpgt_") && !strstr(dir, "/acls/");
	char value[8192], param[PATH_MAX + 20];
	struct stat st;

	if (!strcmp(text, "-5")) {
		errno = EINVAL;
		return -1;
	}
	snprintf(value, sizeof(value), "%s", text);
	snprintf(param, sizeof(param), "%s/%s", dir, name);
	if (!strcmp(name, "tg_pt_gp_id") && !stat(param, &st) && st.st_size > 1) {
		errno = EINVAL;
		return -1;
	}
	if (!strcmp(name, "control")) {
		remember(dir, text);
		return 0;
	}
	if (!strcmp(name, "enable") && strstr(dir, "/core/") && enable_store(dir))
		return -1;
	if (!strcmp(name, "vpd_unit_serial"))
		snprintf(value, sizeof(value), "T10 VPD Unit Serial Number: %s", text);
	else if (!strcmp(name, "alua_tg_pt_gp"))
		snprintf(value, sizeof(value), "TG Port Alias: %s\nTG Port Group ID: 1", text);
	else if (!strcmp(name, "alua_access_type"))
		snprintf(value, sizeof(value), "%s", types[atoi(text) & 3]);
	else if (!strcmp(name, "alua_access_status"))
		snprintf(value, sizeof(value), "%s", statuses[atoi(text) % 3]);
	else if (!strcmp(name, "tag") && !strncmp(text, "NULL", 4))
		*value = '\0';
	put(dir, name, value);
	if (tpg && !strcmp(name, "authentication")) {
		snprintf(param, sizeof(param), "%.*s/param", (int)(strlen(dir) - strlen("/attrib")),
			 dir);
		put(param, "AuthMethod", atoi(text) ? "CHAP" : "CHAP,None");
	}
	return 0;
}

static ssize_t made_up_pwrite(int fd, const void *data, size_t len, off_t at)
{
	char path[PATH_MAX], text[8192], *slash;

	if (!path_of_fd(fd, path) || !strstr(path, "/target/") || len >= sizeof(text))
		return __real_pwrite(fd, data, len, at);
	if (counted(path))
		return -1;
	memcpy(text, data, len);
	text[len] = '\0';
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	slash = strrchr(path, '/');
	*slash = '\0';
	return attribute(path, slash + 1, text) ? -1 : (ssize_t)len;
}

ssize_t __wrap_pwrite(int fd, const void *data, size_t len, off_t at)
{
	ssize_t result;
	int error;

	pthread_mutex_lock(&all->lock);
	result = made_up_pwrite(fd, data, len, at);
	error = errno;
	pthread_mutex_unlock(&all->lock);
	errno = error;
	return result;
}
