// SPDX-License-Identifier: GPL-2.0
/*
 * Reading a saveconfig.json.
 *
 * The file is edited by hand, so every complaint says where: FILE:LINE:COLUMN, as
 * compilers do, which editors can follow. Secrets in it are wiped from the text with
 * the file; what jansson copied of them it frees by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "member.h"
#include "text.h"

/* Each takes a search through the text, and nobody reads more. */
#define FINDINGS_MAX	100

static void keep(struct file *file, enum severity severity, const struct place *place,
		 size_t line, size_t column, char *text)
{
	struct finding *finding;

	if (severity == SEVERITY_ERROR)
		file->errors++;
	if (file->finding_count == FINDINGS_MAX) {
		file->unsaid++;
		free(text);
		return;
	}
	file->findings = grow(file->findings, file->finding_count, sizeof(*file->findings));
	finding = &file->findings[file->finding_count++];
	finding->severity = severity;
	finding->line = line;
	finding->column = column;
	finding->place = place_name(place);
	finding->text = text;
}

void file_say(struct file *file, enum severity severity, const struct place *place, char *text)
{
	size_t line = 0, column = 0;

	if (place && file->finding_count < FINDINGS_MAX)
		place_locate(file->text, place, &line, &column);
	keep(file, severity, place, line, column, text);
}

static void unusable(struct file *file, char *text)
{
	file_say(file, SEVERITY_ERROR, NULL, text);
}

/* Return: the bytes with a NUL behind them, or NULL and a finding. */
static char *read_file(struct file *file, int fd, size_t size)
{
	char *text = alloc(size + 1);
	ssize_t n;

	for (file->len = 0; file->len < size; file->len += n) {
		n = read(fd, text + file->len, size - file->len);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			unusable(file, join("cannot be read: %s", strerror(errno)));
		else if (!n)
			break;
		if (n < 0) {
			free(text);
			return NULL;
		}
	}
	text[file->len] = '\0';
	return text;
}

static bool load_text(struct file *file)
{
	const int fd = open(file->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 && errno == ENOENT) {
		file->missing = true;
		file->text = copy("{}");
		file->len = 2;
		return true;
	}
	if (fd < 0 || fstat(fd, &st))
		unusable(file, join("cannot be read: %s", strerror(errno)));
	else if (!S_ISREG(st.st_mode))
		unusable(file, copy("is not a regular file"));
	else if (st.st_size > FILE_MAX)
		unusable(file, join("has more than %d MiB; no configuration has", FILE_MAX >> 20));
	else if (!st.st_size)
		unusable(file, copy("is empty; it was cut off or never written, see its backups"));
	else
		file->text = read_file(file, fd, st.st_size);
	if (file->text && st.st_mode & 0077)
		file_say(file, SEVERITY_WARNING, NULL,
			 copy("others than its owner can use it, and it holds secrets; chmod 600"));
	if (fd >= 0)
		close(fd);
	return file->text;
}

/* jansson tells where the token ends that it did not expect; editors want its begin. */
static size_t token_start(const struct file *file, const json_error_t *error)
{
	const char *near = strstr(error->text, " near ");
	const size_t end = error->position > 0 ? (size_t)error->position : 0;
	size_t len;

	if (!near || end > file->len)
		return file->len;
	near += strlen(" near ");
	if (!strcmp(near, "end of file"))
		return file->len;
	len = strlen(near) > 2 ? strlen(near) - 2 : 0;
	return end > len ? end - len : 0;
}

/*
 * jansson's text says what it expected. A NUL byte, a byte-order mark and what JSON
 * has and a configuration has not are met often enough to be named.
 */
static void parse_failed(struct file *file, const json_error_t *error)
{
	const char *near = strstr(error->text, " near ");
	const int len = near ? near - error->text : (int)strlen(error->text);
	size_t line, column, offset = token_start(file, error);
	char *text;

	switch (json_error_code(error)) {
	case json_error_duplicate_key:
		text = join("%s: a key may be there only once", error->text);
		break;
	case json_error_null_character:
	case json_error_null_byte_in_key:
		text = copy("\\u0000 in a text, where no name and no setting may have it");
		break;
	case json_error_stack_overflow:
		text = copy("nested too deeply; a configuration has 8 levels");
		break;
	case json_error_numeric_overflow:
		text = join("%.*s; a number has 64 bits at most", len, error->text);
		break;
	case json_error_premature_end_of_input:
		text = join("%.*s before the end of the file", len, error->text);
		break;
	default:
		/* What is near may be a secret. */
		text = join("%.*s", len, error->text);
	}
	if (strlen(file->text) < file->len) {
		free(text);
		text = copy("a NUL byte, where JSON is text");
		offset = strlen(file->text);
	} else if (!strncmp(file->text, "\xef\xbb\xbf", 3)) {
		free(text);
		text = copy("a byte-order mark; save the file as UTF-8 without one");
		offset = 0;
	}
	place_of_byte(file->text, offset, &line, &column);
	keep(file, SEVERITY_ERROR, NULL, line, column, text);
}

bool file_load(struct file *file, const char *name)
{
	json_error_t error;

	memset(file, 0, sizeof(*file));
	file->name = name;
	if (!load_text(file))
		return false;
	file->root = json_loadb(file->text, file->len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
				&error);
	if (!file->root)
		parse_failed(file, &error);
	return file->root;
}

void file_free(struct file *file)
{
	while (file->finding_count) {
		file->finding_count--;
		free(file->findings[file->finding_count].place);
		free(file->findings[file->finding_count].text);
	}
	free(file->findings);
	json_decref(file->root);
	if (file->text)
		explicit_bzero(file->text, file->len);
	free(file->text);
}

static void print_line(const struct file *file, const struct finding *finding)
{
	char *position = finding->line ? join(":%zu:%zu", finding->line, finding->column) : NULL;

	text_fill(stderr, "tcm-iscsi: %", file->name);
	fputs(position ? position : "", stderr);
	fputs(finding->severity == SEVERITY_ERROR ? ": error: " : ": warning: ", stderr);
	if (*finding->place)
		text_fill(stderr, "%: ", finding->place);
	text_fill(stderr, "%\n", finding->text);
	free(position);
}

static void print_finding(struct out *o, const struct finding *finding)
{
	out_object(o, NULL);
	out_str(o, "severity", NULL, finding->severity == SEVERITY_ERROR ? "error" : "warning");
	if (finding->line) {
		out_int(o, "line", NULL, finding->line);
		out_int(o, "column", NULL, finding->column);
	} else {
		out_null(o, "line");
		out_null(o, "column");
	}
	out_str(o, "place", NULL, finding->place);
	out_str(o, "text", NULL, finding->text);
	out_end(o);
}

void file_print(struct tool *t, const struct file *file)
{
	struct out *o = &t->out;
	size_t i;
	char *text;

	out_line_end(o);
	fflush(o->file);
	out_array(o, "findings");
	for (i = 0; i < file->finding_count; i++) {
		print_finding(o, &file->findings[i]);
		print_line(file, &file->findings[i]);
	}
	out_end(o);
	if (!file->unsaid)
		return;
	text = join("%%: %zu more findings", file->unsaid);
	complain(text, file->name);
	free(text);
}
