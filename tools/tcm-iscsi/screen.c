// SPDX-License-Identifier: GPL-2.0
/*
 * A terminal on which something is shown again and again in the same place.
 *
 * Keys come one by one and are not shown. However this ends, but for SIGKILL, the terminal
 * is as it was before; who stops the program with ^Z has it back meanwhile, since a shell
 * takes care of that, and on the way back it is made ours again.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "screen.h"
#include "seconds.h"

#define HOME_AND_CLEAR	"\033[H\033[J"
/* A line that is too long is cut off: a wrapped one would push out the first. */
#define NO_WRAP		"\033[?7l"
#define WRAP		"\033[?7h"

static volatile sig_atomic_t ended, changed;

static void on_signal(int number)
{
	if (number == SIGWINCH || number == SIGCONT)
		changed = 1;
	else
		ended = 1;
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCONT };

static void take_keys(const struct screen *s)
{
	struct termios now = s->before;

	now.c_lflag &= ~(ICANON | ECHO);
	now.c_cc[VMIN] = 1;
	now.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &now);
}

void screen_begin(struct screen *s, FILE *file, bool wanted)
{
	struct sigaction action = { .sa_handler = on_signal };
	size_t i;

	memset(s, 0, sizeof(*s));
	s->file = file;
	s->is_terminal = wanted && isatty(fileno(file));
	if (!s->is_terminal)
		return;
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
	s->has_keys = !tcgetattr(STDIN_FILENO, &s->before);
	if (s->has_keys)
		take_keys(s);
	fputs(NO_WRAP, file);
}

void screen_end(struct screen *s)
{
	if (s->has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &s->before);
	if (s->is_terminal)
		fputs(WRAP, s->file);
	fflush(s->file);
}

size_t screen_clear(struct screen *s)
{
	struct winsize size;

	if (!s->is_terminal)
		return 0;
	fputs(HOME_AND_CLEAR, s->file);
	return ioctl(fileno(s->file), TIOCGWINSZ, &size) ? 0 : size.ws_row;
}

/* Until a key, a signal, or @left seconds are over. Signals come only here. */
static bool wait_key(const struct screen *s, double left)
{
	const struct timespec time = {
		.tv_sec = (time_t)left, .tv_nsec = (long)((left - (time_t)left) * 1e9),
	};
	struct pollfd fd = { .fd = s->has_keys ? STDIN_FILENO : -1, .events = POLLIN };
	sigset_t blocked, before;
	size_t i;
	int got;

	sigemptyset(&blocked);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&blocked, signals[i]);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	got = ended || changed ? 0 : ppoll(&fd, 1, &time, &before);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return got > 0;
}

enum screen_event screen_wait(struct screen *s, const struct timespec *end)
{
	ssize_t len;
	double left;
	char key;

	for (;;) {
		if (ended)
			return SCREEN_END;
		if (changed) {
			changed = 0;
			if (s->has_keys)
				take_keys(s);
			return SCREEN_AGAIN;
		}
		left = -seconds_since(end);
		if (left <= 0)
			return SCREEN_TIME;
		if (!wait_key(s, left))
			continue;
		len = read(STDIN_FILENO, &key, 1);
		if (len == 1 && (key == 'q' || key == 'Q'))
			return SCREEN_END;
		/* Nobody is there any more: from now on it is only shown. */
		if (!len || (len < 0 && errno != EINTR))
			s->has_keys = false;
	}
}
