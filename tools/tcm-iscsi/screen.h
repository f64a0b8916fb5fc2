/* SPDX-License-Identifier: GPL-2.0 */
/* A terminal on which something is shown again and again in the same place. */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stdio.h>
#include <termios.h>
#include <time.h>

/**
 * struct screen - a terminal in use
 * @file: where to print
 * @is_terminal: it is one; else only screen_wait() does anything
 * @has_keys: keys are read
 * @before: how keys were read before
 */
struct screen {
	FILE *file;
	bool is_terminal;
	bool has_keys;
	struct termios before;
};

enum screen_event {
	SCREEN_TIME,	/* time is up */
	SCREEN_AGAIN,	/* the terminal is another size, or was somebody else's meanwhile */
	SCREEN_END,	/* the user has had enough */
};

/*
 * From here to screen_end() signals that would end the program are SCREEN_END. Unless it is
 * @wanted, @file is taken to be no terminal.
 */
void screen_begin(struct screen *s, FILE *file, bool wanted);
void screen_end(struct screen *s);
enum screen_event screen_wait(struct screen *s, const struct timespec *end);
/* Everything that was there goes. Return: lines that there is room for; 0: no limit. */
size_t screen_clear(struct screen *s);

#endif /* SCREEN_H */
