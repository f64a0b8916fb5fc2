// SPDX-License-Identifier: GPL-2.0
/*
 * Parser of an ACL's `info`.
 *
 * The alias in its second line is the initiator's own text, and the in-tree module
 * does not keep a newline out of it. Hence lines are known by their position and
 * their label, not by searching for labels: a forged line makes the file
 * malformed, it does not become a fact.
 */
#include <stdlib.h>
#include <string.h>

#include "info.h"
#include "text.h"

#define U32_MAX	0xffffffffLL

/* Cut the next line off @text; NULL at the end. */
static char *next_line(char **text)
{
	char *line = *text;

	if (!*line)
		return NULL;
	*text = strchrnul(line, '\n');
	if (**text)
		*(*text)++ = '\0';
	return line;
}

/* Cut the next word off @text; empty at the end of the line. */
static char *next_word(char **text)
{
	char *word = *text + strspn(*text, " ");

	*text = word + strcspn(word, " ");
	if (**text)
		*(*text)++ = '\0';
	return word;
}

static bool word_number(char **text, long long max, long long *value)
{
	return text_number(next_word(text), 0, max, value);
}

/* The next words are those of @label. */
static bool skip_label(char **text, const char *label)
{
	const char *rest;

	*text += strspn(*text, " ");
	if (!text_prefix(*text, label, &rest))
		return false;
	*text += rest - *text;
	return true;
}

/* "LIO Session ID: 1   ISID: 0x00 02 3d 00 00 00  TSIH: 1  SessionType: Normal" */
static bool parse_ids(char *line, struct info *info)
{
	size_t i, n = 0;
	char *word;

	if (!skip_label(&line, "LIO Session ID:") || !word_number(&line, U32_MAX, &info->sid) ||
	    !skip_label(&line, "ISID: 0x"))
		return false;
	for (i = 0; i < 6; i++) {
		word = next_word(&line);
		if (strlen(word) != 2 || strspn(word, "0123456789abcdefABCDEF") != 2)
			return false;
		info->isid[n++] = word[0];
		info->isid[n++] = word[1];
	}
	info->isid[n] = '\0';
	if (!skip_label(&line, "TSIH:") || !word_number(&line, 0xffff, &info->tsih) ||
	    !skip_label(&line, "SessionType:"))
		return false;
	info->type = copy(next_word(&line));
	return *info->type;
}

/* "TARG_SESS_STATE_LOGGED_IN", "TARG_CONN_STATE_XPT_UP", or "ERROR: ..." */
static char *parse_state(const char *text)
{
	const char *state = strstr(text, "_STATE_");

	if (state)
		return copy(state + strlen("_STATE_"));
	return copy(strstr(text, "TARG_SESS_FREE") ? "FREE" : "unknown");
}

/* The line below the heads: window, what is left of it, and four numbers more. */
static bool parse_numbers(char *line, struct info *info)
{
	long long left;

	return word_number(&line, U32_MAX, &info->window) && word_number(&line, U32_MAX, &left) &&
	       word_number(&line, U32_MAX, &info->exp_cmdsn) &&
	       word_number(&line, U32_MAX, &info->max_cmdsn) &&
	       word_number(&line, U32_MAX, &info->last_itt) &&
	       word_number(&line, U32_MAX, &info->last_ttt);
}

/* Two lines: "CID: 0  Connection State: ..." and "   Address 10.0.0.1 TCP  StatSN: ..." */
static bool parse_conn(char *line, char *second, struct info *info)
{
	struct info_conn conn = { .statsn = -1 };

	if (info->conn_count == INFO_CONN_MAX)
		return false;
	if (!skip_label(&line, "CID:") || !word_number(&line, 0xffff, &conn.cid) ||
	    !skip_label(&line, "Connection State:"))
		return false;
	if (!second || !skip_label(&second, "Address "))
		return false;
	conn.address = copy(next_word(&second));
	conn.transport = copy(next_word(&second));
	conn.state = parse_state(line);
	if (skip_label(&second, "StatSN:") && !word_number(&second, U32_MAX, &conn.statsn))
		conn.statsn = -1;
	info->conns = grow(info->conns, info->conn_count, sizeof(conn));
	info->conns[info->conn_count++] = conn;
	return *conn.address && *conn.transport;
}

static const char *parse_session(char *text, struct info *info)
{
	char *line = next_line(&text);
	const char *rest;

	if (!line)
		return "is empty";
	if (!text_prefix(line, "InitiatorName: ", &rest))
		return "has no InitiatorName in line 1";
	info->initiator = copy(rest);
	line = next_line(&text);
	if (!line || !text_prefix(line, "InitiatorAlias: ", &rest))
		return "has no InitiatorAlias in line 2";
	info->alias = copy(rest);
	line = next_line(&text);
	if (!line || !parse_ids(line, info))
		return "has no session identifiers in line 3";
	line = next_line(&text);
	if (!line || !text_prefix(line, "Session State: ", &rest))
		return "has no session state in line 4";
	info->state = parse_state(rest);

	if (!next_line(&text) || !next_line(&text))
		return "ends after the session state";
	line = next_line(&text);
	if (!line || !parse_numbers(line, info))
		return "has no session values in line 7";
	next_line(&text);
	while ((line = next_line(&text)))
		if (!parse_conn(line, next_line(&text), info))
			return "has a malformed connection";
	return NULL;
}

int info_parse(const char *text, struct info *info, const char **why)
{
	char *work;

	memset(info, 0, sizeof(*info));
	info->window = -1;
	info->exp_cmdsn = -1;
	info->max_cmdsn = -1;
	info->last_itt = -1;
	info->last_ttt = -1;
	if (text_prefix(text, "No active", why))
		return 0;

	work = copy(text);
	*why = parse_session(work, info);
	free(work);
	if (!*why)
		return 1;
	info_free(info);
	return -1;
}

void info_free(struct info *info)
{
	struct info_conn *conn;

	while (info->conn_count) {
		conn = &info->conns[--info->conn_count];
		free(conn->state);
		free(conn->address);
		free(conn->transport);
	}
	free(info->conns);
	free(info->initiator);
	free(info->alias);
	free(info->type);
	free(info->state);
	memset(info, 0, sizeof(*info));
}
