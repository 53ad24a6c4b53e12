/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tests/unit/test.h -- a table of cases, printed as TAP
 *
 *	static int test_grid(void)
 *	{
 *		int err = 0;
 *		...
 *		TEST_ERR(err);            // what should have worked
 *		TEST_EQ(5, n);
 *	 out:
 *		mem_deref(scene);
 *		return err;
 *	}
 *	static const struct test testv[] = { {"a grid of five", test_grid} };
 *	int main(int argc, char **argv)
 *	{
 *		return test_main(argc, argv, testv, ARRAY_SIZE(testv));
 *	}
 *
 * A failed check always sets err to something that is not 0.  With -o each
 * case runs again with memory running out after 0, 1, 2… blocks (libre's
 * debug build); with arguments only cases whose name contains one run.
 */
#ifndef TUTTI_TESTS_UNIT_TEST_H
#define TUTTI_TESTS_UNIT_TEST_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <re.h>


struct test {
	const char *name;
	int (*exec)(void);
};

#define TEST_FAIL(...)                                                  \
	do {                                                            \
		printf("# %s:%d: ", __FILE__, __LINE__);                \
		printf(__VA_ARGS__);                                    \
		printf("\n");                                           \
		err = err ? err : EBADMSG;                              \
		goto out;                                               \
	} while (0)

#define TEST_ERR(e)                                                     \
	do {                                                            \
		int e_ = (e);                                           \
		if (e_) {                                               \
			err = e_;                                       \
			TEST_FAIL("%s: %s", #e, strerror(e_));          \
		}                                                       \
	} while (0)

#define TEST_EQ(want, got)                                              \
	do {                                                            \
		long long w_ = (long long)(want);                       \
		long long g_ = (long long)(got);                        \
		if (w_ != g_)                                           \
			TEST_FAIL("%s: want %lld, got %lld", #got, w_, g_); \
	} while (0)

#define TEST_STR(want, got)                                             \
	do {                                                            \
		const char *w_ = (want), *g_ = (got);                   \
		if (!g_ || strcmp(w_, g_))                              \
			TEST_FAIL("%s: want '%s', got '%s'", #got, w_,  \
				  g_ ? g_ : "(null)");                  \
	} while (0)

#define TEST_TRUE(cond)                                                 \
	do {                                                            \
		if (!(cond))                                            \
			TEST_FAIL("not true: %s", #cond);               \
	} while (0)

static inline int test_main(int argc, char **argv, const struct test *testv,
			    size_t testc)
{
	size_t i, n = 0;
	int failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (libre_init())
		return 99;

	printf("1..%zu\n", testc);
	for (i = 0; i < testc; i++) {
		bool run = argc < 2;
		int j, err;

		for (j = 1; j < argc; j++)
			run = run || strstr(testv[i].name, argv[j]);

		++n;
		if (!run) {
			printf("ok %zu - %s # SKIP not asked for\n", n,
			       testv[i].name);
			continue;
		}
		err = testv[i].exec();
		printf("%sok %zu - %s\n", err ? "not " : "", n,
		       testv[i].name);
		failed += !!err;
	}
	libre_close();

	return failed ? 1 : 0;
}

#endif
