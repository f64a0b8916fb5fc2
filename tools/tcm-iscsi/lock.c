// SPDX-License-Identifier: GPL-2.0
/*
 * One at a time.
 *
 * The lock is on the directory target/ of configfs itself, so it is the same for all
 * files and for everybody on this machine, and nothing is left when its owner dies.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lock.h"

#define WAIT_SECONDS	10
#define POLL_NS		50000000

/* The process that holds the lock on @fd, from /proc/locks; 0 if that does not say. */
static long owner_of(int fd)
{
	FILE *file = fopen("/proc/locks", "re");
	unsigned long long inode;
	char line[256];
	struct stat st;
	long pid = 0, of;

	while (file && !fstat(fd, &st) && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*d: FLOCK %*s %*s %ld %*x:%*x:%llu", &of, &inode) == 2 &&
		    inode == st.st_ino)
			pid = of;
	}
	if (file)
		fclose(file);
	return pid;
}

int lock_take(struct tool *t)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	const long rounds = WAIT_SECONDS * (1000000000L / POLL_NS);
	char *path = join("%s/target", t->configfs), *text;
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long round, pid;

	if (fd < 0) {
		text = join("cannot be opened: %s%s", strerror(errno),
			    errno == ENOENT ? "; load the module first" : "");
		problem_add(t, path, text);
		free(text);
		free(path);
		return -1;
	}
	free(path);
	for (round = 0; round < rounds; round++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return fd;
		nanosleep(&pause, NULL);
	}
	pid = owner_of(fd);
	text = pid ? join("is being changed by process %ld; nothing was done", pid) :
		     copy("is being changed by somebody else; nothing was done");
	problem_add(t, "target", text);
	free(text);
	close(fd);
	return -1;
}
