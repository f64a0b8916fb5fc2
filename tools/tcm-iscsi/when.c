// SPDX-License-Identifier: GPL-2.0
/* Points in time. */
#include <time.h>

#include "tool.h"
#include "when.h"

char *when_text(long long ms, bool program)
{
	const time_t seconds = ms / 1000;
	char text[64] = "";
	struct tm tm;

	if (program && gmtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	else if (!program && localtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	return join("%s.%03lld%s", text, ms % 1000, program ? "Z" : "");
}
