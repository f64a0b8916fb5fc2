// SPDX-License-Identifier: GPL-2.0
/*
 * What has broken other targets, where a login over a socket is too slow to try
 * every case: binary values of every length for buffers of every digest's size.
 * Each buffer has exactly its size, so that under sanitizers one byte too far is
 * seen. The rows are those of tools/testing/functional/HISTORY.
 */
#include "icore_test.h"

#define DIGITS_MAX	4096

static const u32 digests[] = { 16, 20, 32, ICORE_BINVAL_MAX };

/* Room of exactly each digest's size. */
static u8 **make_rooms(struct kunit *test)
{
	u8 **rooms = kunit_kzalloc(test, sizeof(*rooms) * ARRAY_SIZE(digests), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rooms);
	for (u32 i = 0; i < ARRAY_SIZE(digests); i++) {
		rooms[i] = kunit_kzalloc(test, digests[i], GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, rooms[i]);
	}
	return rooms;
}

/* Bytes that @text decodes to with room for @cap; -1 if it is refused. */
static int decoded(const char *text, u8 *room, u32 cap)
{
	u32 len = cap;

	return icore_val_bin(text, room, &len) ? (int)len : -1;
}

/* Row 3: 0 to 4096 digits. An odd count has a leading zero nibble (RFC 7143 6.1). */
static void history_row_03_hex(struct kunit *test)
{
	char *text = kunit_kzalloc(test, 2 + DIGITS_MAX + 1, GFP_KERNEL);
	u8 **rooms = make_rooms(test);

	KUNIT_ASSERT_NOT_NULL(test, text);
	memcpy(text, "0x", 2);
	for (u32 digits = 0; digits <= DIGITS_MAX; digits++) {
		const u32 bytes = (digits + 1) / 2;

		for (u32 i = 0; i < ARRAY_SIZE(digests); i++) {
			const int want = bytes && bytes <= digests[i] ? (int)bytes : -1;

			KUNIT_EXPECT_EQ_MSG(test, decoded(text, rooms[i], digests[i]), want,
					    "%u, %u", digits, digests[i]);
		}
		text[2 + digits] = digits % 3 ? 'f' : '7';
		text[2 + digits + (digits < DIGITS_MAX)] = '\0';
	}
}

/*
 * Row 4: 0 to 4096 characters, the last of which may be padding. Whole groups of
 * four or nothing; at most two paddings, and what is left must fit.
 */
static void history_row_04_base64(struct kunit *test)
{
	char *text = kunit_kzalloc(test, 2 + DIGITS_MAX + 4, GFP_KERNEL);
	u8 **rooms = make_rooms(test);

	KUNIT_ASSERT_NOT_NULL(test, text);
	for (u32 chars = 0; chars <= DIGITS_MAX; chars++) {
		for (u32 pads = 0; pads < 4 && pads <= chars; pads++) {
			const u32 bytes = chars / 4 * 3 - pads;

			memset(text, 'Z', 2 + chars);
			memcpy(text, "0b", 2);
			memset(text + 2 + chars - pads, '=', pads);
			text[2 + chars] = '\0';
			for (u32 i = 0; i < ARRAY_SIZE(digests); i++) {
				const bool good = chars && !(chars % 4) && pads < 3 &&
						  bytes <= digests[i];

				KUNIT_EXPECT_EQ_MSG(test, decoded(text, rooms[i], digests[i]),
						    good ? (int)bytes : -1, "%u, %u, %u", chars,
						    pads, digests[i]);
			}
		}
	}
}

static struct kunit_case history_cases[] = {
	KUNIT_CASE(history_row_03_hex),
	KUNIT_CASE(history_row_04_base64),
	{}
};

static struct kunit_suite history_suite = {
	.name = "icore_history",
	.test_cases = history_cases,
};

kunit_test_suite(history_suite);
