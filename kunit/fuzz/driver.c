// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a fuzz target where there is no libFuzzer: first its seeds, then mutations of
 * them from a generator with a fixed start, so that every run tries the same inputs.
 * Corpora, dictionaries, the largest input and the folder for what failed are the same
 * for both.
 *
 *   PROGRAM              seeds of corpus/PROGRAM and crashes/PROGRAM, then FUZZ_ROUNDS
 *                        mutations (default 60000), at most FUZZ_SECONDS (default 2)
 *   PROGRAM PATH...      these inputs or folders of inputs only
 *
 * An input that fails is left in the file that the last line names, in the folder
 * FUZZ_ARTIFACTS or /tmp.
 */
#include "fuzz.h"

#include <dirent.h>
#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define INPUT_MAX	4096	/* run as -max_len of libFuzzer, too */
#define WORDS_MAX	256
#define WORD_MAX	64

struct seed {
	u8 *data;
	size_t len;
};

struct word {
	u8 data[WORD_MAX];
	u32 len;
};

static struct seed *seeds;
static u32 seed_count;
static struct word words[WORDS_MAX];
static u32 word_count;
static u8 now[INPUT_MAX];
static size_t now_len;
static u64 rng = 0x9e3779b97f4a7c15;

static u32 rnd(u32 below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return below ? (rng >> 16) % below : 0;
}

static void keep_input(void)
{
	const char *dir = getenv("FUZZ_ARTIFACTS");
	char path[1024];
	FILE *f;
	int fd;

	snprintf(path, sizeof(path), "%s/tcm_iscsi-fuzz-XXXXXX", dir ? dir : "/tmp");
	fd = mkstemp(path);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f)
		return;
	fwrite(now, 1, now_len, f);
	fclose(f);
	fprintf(stderr, "input kept in %s\n", path);
}

static void on_abort(int sig)
{
	signal(sig, SIG_DFL);
	keep_input();
	raise(sig);
}

static void give_up(const char *path)
{
	fprintf(stderr, "cannot use %s\n", path);
	exit(2);
}

static void run_now(void)
{
	/* A copy of exactly this size, so that ASan sees an over-read. */
	u8 *copy = malloc(now_len ? now_len : 1);

	if (!copy)
		exit(2);
	memcpy(copy, now, now_len);
	LLVMFuzzerTestOneInput(copy, now_len);
	free(copy);
}

static void load_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct seed *s;

	seeds = realloc(seeds, (seed_count + 1) * sizeof(*seeds));
	if (!f || !seeds)
		give_up(path);
	s = &seeds[seed_count++];
	s->data = malloc(INPUT_MAX);
	if (!s->data)
		give_up(path);
	s->len = fread(s->data, 1, INPUT_MAX, f);
	if (ferror(f) || fgetc(f) != EOF)
		give_up(path);
	fclose(f);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* A file, or all files of a folder in the order of their names. */
static void load(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, by_name);

	if (n < 0) {
		load_file(path);
		return;
	}
	for (int i = 0; i < n; i++) {
		char inner[2048];

		snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			load_file(inner);
		free(entries[i]);
	}
	free(entries);
}

static void load_if_there(const char *name)
{
	if (!access(name, R_OK))
		load(name);
}

/* A line of a dictionary: "word", in which \xNN stands for a byte. */
static void load_word(const char *line)
{
	struct word *w = &words[word_count];
	const char *p = strchr(line, '"');

	if (line[0] == '#' || !p || word_count == WORDS_MAX)
		return;
	for (p++; *p && *p != '"' && w->len < WORD_MAX; p++) {
		unsigned int byte = (u8)*p;

		if (p[0] == '\\' && sscanf(p, "\\x%2x", &byte) == 1)
			p += 3;
		w->data[w->len++] = byte;
	}
	word_count++;
}

static void load_dictionary(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[512];

	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		load_word(line);
	fclose(f);
}

static void cut_out(u32 at, u32 n)
{
	memmove(now + at, now + at + n, now_len - at - n);
	now_len -= n;
}

static void put_in(u32 at, const u8 *what, u32 n)
{
	n = min_t(size_t, n, INPUT_MAX - now_len);
	memmove(now + at + n, now + at, now_len - at);
	memcpy(now + at, what, n);
	now_len += n;
}

/* One small change; several of them make an input. */
static void mutate(void)
{
	static const u8 likely[] = { 0, 1, 2, 3, 4, 5, 0x3f, 0x40, 0x7f, 0x80, 0xff, '=', ',' };
	const struct seed *other = &seeds[rnd(seed_count)];
	const struct word *w = word_count ? &words[rnd(word_count)] : NULL;
	u32 at = rnd(now_len), n = 1 + rnd(16);
	u8 again[16];

	switch (rnd(8)) {
	case 0:
		now[at] ^= 1 << rnd(8);
		break;
	case 1:
		now[at] = likely[rnd(sizeof(likely))];
		break;
	case 2:
		now[at] = rnd(256);
		break;
	case 3:		/* cut out */
		cut_out(at, min_t(size_t, n, now_len - at));
		break;
	case 4:		/* repeat */
		n = min_t(size_t, n, now_len - at);
		memcpy(again, now + at, n);
		put_in(at, again, n);
		break;
	case 5:		/* end early */
		now_len = at;
		break;
	case 6:		/* a word that means something */
		if (w)
			put_in(at, w->data, w->len);
		break;
	default:	/* go on like another seed */
		if (other->len > at)
			put_in(now_len, other->data + at, other->len - at);
		break;
	}
}

static u32 setting(const char *name, u32 otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 0) : otherwise;
}

static void take_seed(u32 i)
{
	now_len = seeds[i].len;
	memcpy(now, seeds[i].data, now_len);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];
	u32 rounds = setting("FUZZ_ROUNDS", 60000);
	time_t until = time(NULL) + setting("FUZZ_SECONDS", 2);
	char path[1024];
	u32 done = 0;

	signal(SIGABRT, on_abort);
	__sanitizer_set_death_callback(keep_input);
	for (int i = 1; i < argc; i++)
		load(argv[i]);
	if (argc == 1) {
		snprintf(path, sizeof(path), FUZZ_DIR "/corpus/%s", name);
		load(path);
		snprintf(path, sizeof(path), FUZZ_DIR "/crashes/%s", name);
		load_if_there(path);
		snprintf(path, sizeof(path), FUZZ_DIR "/%s.dict", name);
		load_dictionary(path);
	}
	run_now();	/* the empty input */
	for (u32 i = 0; i < seed_count; i++) {
		take_seed(i);
		run_now();
	}
	for (; argc == 1 && seed_count && done < rounds && (done & 127 || time(NULL) <= until);
	     done++) {
		take_seed(rnd(seed_count));
		for (u32 i = rnd(6) + 1; i; i--)
			mutate();
		run_now();
	}
	printf("# %s: %u seeds, %u mutations\n", name, seed_count, done);
	for (u32 i = 0; i < seed_count; i++)
		free(seeds[i].data);
	free(seeds);
	return 0;
}
