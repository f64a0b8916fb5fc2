// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the suites as a program and prints KTAP.
 *
 * Every suite runs in a child: a sanitizer report or a crash then costs that
 * suite only, is counted as one failure, and the others still report. Programs
 * named with -x (the fuzzers) become the cases of one more suite, so that one
 * exit status and one last line speak for everything.
 *
 *   run [-q] [-l] [-x PROGRAM]... [SUITE[.CASE]]...
 */
#include "kunit.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SUITES_MAX	64
#define PROGRAMS_MAX	64

struct kunit_alloc {
	struct kunit_alloc *next;
};

struct totals {
	unsigned long passed;
	unsigned long failed;
};

static struct kunit_suite *suites[SUITES_MAX];
static unsigned int suite_count;
static struct totals *totals;
static char **filters;
static int filter_count;
static bool quiet;

void kunit_host_register(struct kunit_suite *suite)
{
	if (suite_count == SUITES_MAX) {
		fprintf(stderr, "more than %d suites\n", SUITES_MAX);
		exit(2);
	}
	suites[suite_count++] = suite;
}

void *kunit_host_alloc(struct kunit *test, size_t size)
{
	/* Separate blocks, so that ASan sees an overrun of the caller's bytes. */
	struct kunit_alloc *link = malloc(sizeof(*link) + sizeof(void *));
	void *p = calloc(1, size ? size : 1);

	if (!link || !p)
		abort();
	memcpy(link + 1, &p, sizeof(p));
	link->next = test->allocs;
	test->allocs = link;
	return p;
}

static void free_allocs(struct kunit *test)
{
	while (test->allocs) {
		struct kunit_alloc *link = test->allocs;
		void *p;

		memcpy(&p, link + 1, sizeof(p));
		test->allocs = link->next;
		free(p);
		free(link);
	}
}

void kunit_host_fail(struct kunit *test, const char *file, int line, const char *what,
		     long long left, long long right, const char *fmt, ...)
{
	va_list ap;

	test->failed = true;
	printf("# FAILED %s:%d: %s: left %lld (0x%llx) right %lld (0x%llx) ", file, line, what,
	       left, left, right, right);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

void kunit_host_bail(struct kunit *test)
{
	longjmp(test->bail, 1);
}

static bool wanted(const char *suite, const char *name)
{
	char full[512];

	if (!filter_count)
		return true;
	snprintf(full, sizeof(full), "%s.%s", suite, name);
	for (int i = 0; i < filter_count; i++) {
		if (!fnmatch(filters[i], full, 0) || !fnmatch(filters[i], suite, 0))
			return true;
	}
	return false;
}

static bool run_one(struct kunit_suite *suite, struct kunit_case *c, struct kunit *test)
{
	if (!setjmp(test->bail)) {
		if (suite->init && suite->init(test)) {
			printf("# init of %s failed\n", suite->name);
			test->failed = true;
		} else {
			c->run_case(test);
		}
	}
	if (suite->exit)
		suite->exit(test);
	free_allocs(test);
	totals->passed += !test->failed;
	totals->failed += test->failed;
	return !test->failed;
}

static bool run_params(struct kunit_suite *suite, struct kunit_case *c)
{
	const void *value = NULL;
	bool good = true;
	int n = 0;

	if (!quiet)
		printf("        KTAP version 1\n        # Subtest: %s\n", c->name);
	for (;;) {
		char desc[KUNIT_PARAM_DESC_SIZE] = "";
		struct kunit test = { .param_index = n };
		bool ok;

		value = c->generate_params(value, desc);
		if (!value)
			break;
		test.param_value = value;
		ok = run_one(suite, c, &test);
		good &= ok;
		n++;
		if (!ok || !quiet)
			printf("        %sok %d %s\n", ok ? "" : "not ", n, desc);
	}
	if (!quiet)
		printf("        1..%d\n", n);
	return good;
}

static int run_suite(struct kunit_suite *suite)
{
	bool good = true;
	int n = 0;

	printf("    KTAP version 1\n    # Subtest: %s\n", suite->name);
	if (suite->suite_init && suite->suite_init(suite)) {
		printf("# suite_init of %s failed\n", suite->name);
		totals->failed++;
		return 1;
	}
	for (struct kunit_case *c = suite->test_cases; c->run_case; c++) {
		bool ok;

		if (!wanted(suite->name, c->name))
			continue;
		if (c->generate_params) {
			ok = run_params(suite, c);
		} else {
			struct kunit test = { 0 };

			ok = run_one(suite, c, &test);
		}
		good &= ok;
		n++;
		if (!ok || !quiet)
			printf("    %sok %d %s\n", ok ? "" : "not ", n, c->name);
	}
	if (suite->suite_exit)
		suite->suite_exit(suite);
	printf("    1..%d\n", n);
	return good ? 0 : 1;
}

/* Return: exit status of the child, or 255 if it did not exit by itself. */
static int in_child(struct kunit_suite *suite, char *program)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	if (!pid && suite)
		exit(run_suite(suite));
	if (!pid) {
		execl(program, program, (char *)NULL);
		perror(program);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid)
		return 255;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static bool run_programs(char **programs, int count)
{
	bool good = true;

	printf("    KTAP version 1\n    # Subtest: fuzz\n    1..%d\n", count);
	for (int i = 0; i < count; i++) {
		const char *slash = strrchr(programs[i], '/');
		bool ok = !in_child(NULL, programs[i]);

		totals->passed += ok;
		totals->failed += !ok;
		good &= ok;
		printf("    %sok %d %s\n", ok ? "" : "not ", i + 1,
		       slash ? slash + 1 : programs[i]);
	}
	return good;
}

static int by_name(const void *a, const void *b)
{
	struct kunit_suite *const *x = a;
	struct kunit_suite *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static bool suite_wanted(struct kunit_suite *suite)
{
	for (struct kunit_case *c = suite->test_cases; c->run_case; c++) {
		if (wanted(suite->name, c->name))
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	char *programs[PROGRAMS_MAX];
	int program_count = 0;
	int opt, n = 0;
	bool list = false;

	while ((opt = getopt(argc, argv, "qlx:")) != -1) {
		if (opt == 'q')
			quiet = true;
		else if (opt == 'l')
			list = true;
		else if (opt == 'x' && program_count < PROGRAMS_MAX)
			programs[program_count++] = optarg;
		else
			return 2;
	}
	filters = argv + optind;
	filter_count = argc - optind;
	qsort(suites, suite_count, sizeof(suites[0]), by_name);
	totals = mmap(NULL, sizeof(*totals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (totals == MAP_FAILED)
		return 2;
	if (!list)
		printf("KTAP version 1\n");
	for (unsigned int i = 0; i < suite_count; i++) {
		unsigned long failed = totals->failed;
		int rc;

		if (!suite_wanted(suites[i]))
			continue;
		if (list) {
			for (struct kunit_case *c = suites[i]->test_cases; c->run_case; c++)
				printf("%s.%s\n", suites[i]->name, c->name);
			continue;
		}
		rc = in_child(suites[i], NULL);
		if (rc && totals->failed == failed)
			totals->failed++;	/* died before it could count */
		printf("%sok %d %s\n", rc ? "not " : "", ++n, suites[i]->name);
	}
	if (list)
		return 0;
	if (program_count)
		printf("%sok %d fuzz\n", run_programs(programs, program_count) ? "" : "not ", ++n);
	printf("1..%d\n", n);
	printf("%lu passed, %lu failed\n", totals->passed, totals->failed);
	return totals->failed || !totals->passed ? 1 : 0;
}
