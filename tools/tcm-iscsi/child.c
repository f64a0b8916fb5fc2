// SPDX-License-Identifier: GPL-2.0
/* Children for system calls that may never come back. */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "seconds.h"

int child_become(int dir)
{
	const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int own = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd;

	for (fd = 0; fd <= STDERR_FILENO; fd++)
		dup2(nothing, fd);
	close(dir);
	return own;
}

bool child_wait(pid_t child, const struct timespec *end, int *status)
{
	while (!waitpid(child, status, WNOHANG)) {
		if (seconds_since(end) > 0) {
			kill(child, SIGKILL);
			return false;
		}
		seconds_nap();
	}
	return true;
}

bool child_ends_with(pid_t parent)
{
	return !prctl(PR_SET_PDEATHSIG, SIGKILL) && getppid() == parent;
}
