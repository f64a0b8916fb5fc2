// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a fuzz target without libFuzzer: first its seeds, then mutations of them from
 * a generator with a fixed start, so that every run tries the same inputs.
 *
 *   PROGRAM              seeds of corpus/PROGRAM, then FUZZ_ROUNDS mutations
 *                        (default 60000), at most FUZZ_SECONDS (default 2)
 *   PROGRAM FILE...      these inputs only, e.g. one that failed
 *
 * An input that fails is left in the file that the last line names.
 */
#include "fuzz.h"

#include <dirent.h>
#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <time.h>

#define INPUT_MAX	4096
#define SEEDS_MAX	64

struct seed {
	u8 data[INPUT_MAX];
	size_t len;
};

static struct seed seeds[SEEDS_MAX];
static u32 seed_count;
static struct seed now;
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
	char path[] = "/tmp/tcm_iscsi-fuzz-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f)
		return;
	fwrite(now.data, 1, now.len, f);
	fclose(f);
	fprintf(stderr, "input kept in %s\n", path);
}

static void on_abort(int sig)
{
	signal(sig, SIG_DFL);
	keep_input();
	raise(sig);
}

static void run_now(void)
{
	/* A copy of exactly this size, so that ASan sees an over-read. */
	u8 *copy = malloc(now.len ? now.len : 1);

	if (!copy)
		exit(2);
	memcpy(copy, now.data, now.len);
	LLVMFuzzerTestOneInput(copy, now.len);
	free(copy);
}

static void load(const char *path)
{
	FILE *f = fopen(path, "rb");

	if (!f || seed_count == SEEDS_MAX) {
		fprintf(stderr, "cannot use %s\n", path);
		exit(2);
	}
	seeds[seed_count].len = fread(seeds[seed_count].data, 1, INPUT_MAX, f);
	seed_count++;
	fclose(f);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void load_corpus(const char *name)
{
	struct dirent **entries;
	char dir[1024];
	int n;

	snprintf(dir, sizeof(dir), "%s/%s", CORPUS, name);
	n = scandir(dir, &entries, NULL, by_name);
	for (int i = 0; i < n; i++) {
		char path[2048];

		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			load(path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

/* One small change; several of them make an input. */
static void mutate(struct seed *s)
{
	static const u8 likely[] = { 0, 1, 2, 3, 4, 5, 0x3f, 0x40, 0x7f, 0x80, 0xff, '=', ',' };
	const struct seed *other = &seeds[rnd(seed_count)];
	u32 at = rnd(s->len), n = 1 + rnd(16);

	switch (rnd(7)) {
	case 0:
		if (s->len)
			s->data[at] ^= 1 << rnd(8);
		break;
	case 1:
		if (s->len)
			s->data[at] = likely[rnd(sizeof(likely))];
		break;
	case 2:
		if (s->len)
			s->data[at] = rnd(256);
		break;
	case 3:		/* cut out */
		n = min_t(size_t, n, s->len - at);
		memmove(s->data + at, s->data + at + n, s->len - at - n);
		s->len -= n;
		break;
	case 4:		/* repeat */
		n = min_t(size_t, min_t(size_t, n, s->len - at), INPUT_MAX - s->len);
		memmove(s->data + at + n, s->data + at, s->len - at);
		s->len += n;
		break;
	case 5:		/* end early */
		s->len = at;
		break;
	default:	/* go on like another seed */
		if (other->len > at) {
			n = min_t(size_t, other->len - at, INPUT_MAX - s->len);
			memcpy(s->data + s->len, other->data + at, n);
			s->len += n;
		}
		break;
	}
}

static u32 setting(const char *name, u32 otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 0) : otherwise;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	u32 rounds = setting("FUZZ_ROUNDS", 60000);
	u32 seconds = setting("FUZZ_SECONDS", 2);
	time_t until = time(NULL) + seconds;
	u32 done = 0;

	signal(SIGABRT, on_abort);
	__sanitizer_set_death_callback(keep_input);
	for (int i = 1; i < argc; i++)
		load(argv[i]);
	if (argc == 1)
		load_corpus(slash ? slash + 1 : argv[0]);
	if (!seed_count)
		seed_count = 1;		/* the empty input */
	for (u32 i = 0; i < seed_count; i++) {
		now = seeds[i];
		run_now();
	}
	for (; argc == 1 && done < rounds && (done & 127 || time(NULL) <= until); done++) {
		now = seeds[rnd(seed_count)];
		for (u32 i = rnd(6) + 1; i; i--)
			mutate(&now);
		run_now();
	}
	printf("# %s: %u seeds, %u mutations\n", slash ? slash + 1 : argv[0], seed_count, done);
	return 0;
}
