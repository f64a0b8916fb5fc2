// SPDX-License-Identifier: GPL-2.0
/*
 * MD5 (RFC 1321), SHA-1 and SHA-256 (FIPS 180-4) and SHA3-256 (FIPS 202) for
 * tests: one byte at a time, with no thought for speed. Suites run where no
 * crypto API is, and a second implementation checks the kernel's use, too.
 */
#include "icore_test.h"
#include "test_crypto.h"

#define BLOCK		64	/* of MD5, SHA-1 and SHA-256 */
#define KECCAK_RATE	136	/* of SHA3-256 */

struct sponge {
	enum icore_chap_alg alg;
	u32 h[8];
	u64 a[25];
	u8 block[KECCAK_RATE];
	u32 fill;
	u64 bytes;
};

u32 test_crypto_algs;
int test_crypto_error;
u32 test_crypto_good;
u32 test_crypto_hashes;
static u8 next_random;

static u32 rol(u32 x, u32 n)
{
	return x << n | x >> (32 - n);
}

static u32 ror(u32 x, u32 n)
{
	return rol(x, 32 - n);
}

static u64 rotl64(u64 x, u32 n)
{
	return n ? x << n | x >> (64 - n) : x;
}

/* floor(2^32 * |sin(i + 1)|) */
static const u32 md5_t[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
	0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
	0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
	0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
	0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
	0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
	0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
	0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
	0xeb86d391,
};

static const u8 md5_s[4][4] = {
	{ 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 },
};

static void md5_block(u32 *h, const u8 *p)
{
	u32 a = h[0], b = h[1], c = h[2], d = h[3];

	for (u32 i = 0; i < 64; i++) {
		u32 f, k, tmp;

		if (i < 16) {
			f = (b & c) | (~b & d);
			k = i;
		} else if (i < 32) {
			f = (d & b) | (~d & c);
			k = 5 * i + 1;
		} else if (i < 48) {
			f = b ^ c ^ d;
			k = 3 * i + 5;
		} else {
			f = c ^ (b | ~d);
			k = 7 * i;
		}
		k = (k & 15) * 4;
		f += a + md5_t[i] + ((u32)p[k] | (u32)p[k + 1] << 8 | (u32)p[k + 2] << 16 |
				     (u32)p[k + 3] << 24);
		tmp = d;
		d = c;
		c = b;
		b += rol(f, md5_s[i / 16][i & 3]);
		a = tmp;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
}

static void sha1_block(u32 *h, const u8 *p)
{
	u32 a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
	u32 w[80];

	for (u32 i = 0; i < 80; i++) {
		u32 f, tmp;

		w[i] = i < 16 ? icore_get32(p + 4 * i) :
		       rol(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
		if (i < 20)
			f = ((b & c) | (~b & d)) + 0x5a827999;
		else if (i < 40)
			f = (b ^ c ^ d) + 0x6ed9eba1;
		else if (i < 60)
			f = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
		else
			f = (b ^ c ^ d) + 0xca62c1d6;
		tmp = rol(a, 5) + f + e + w[i];
		e = d;
		d = c;
		c = rol(b, 30);
		b = a;
		a = tmp;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

static const u32 sha256_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static void sha256_block(u32 *h, const u8 *p)
{
	u32 s[8];
	u32 w[64];

	memcpy(s, h, sizeof(s));
	for (u32 i = 0; i < 64; i++) {
		u32 t1, t2;

		if (i < 16) {
			w[i] = icore_get32(p + 4 * i);
		} else {
			u32 x = w[i - 15], y = w[i - 2];

			w[i] = w[i - 16] + (ror(x, 7) ^ ror(x, 18) ^ x >> 3) + w[i - 7] +
			       (ror(y, 17) ^ ror(y, 19) ^ y >> 10);
		}
		t1 = s[7] + (ror(s[4], 6) ^ ror(s[4], 11) ^ ror(s[4], 25)) +
		     ((s[4] & s[5]) ^ (~s[4] & s[6])) + sha256_k[i] + w[i];
		t2 = (ror(s[0], 2) ^ ror(s[0], 13) ^ ror(s[0], 22)) +
		     ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
		memmove(s + 1, s, 7 * sizeof(s[0]));
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (u32 i = 0; i < 8; i++)
		h[i] += s[i];
}

/* One step of the LFSR that makes the round constants (FIPS 202 3.2.5). */
static u32 keccak_rc(u8 *r)
{
	const u32 bit = *r & 1;

	*r = (u8)(*r & 0x80 ? *r << 1 ^ 0x71 : *r << 1);
	return bit;
}

static void keccak(u64 *a)
{
	u8 lfsr = 1;

	for (u32 round = 0; round < 24; round++) {
		u32 x = 1, y = 0;
		u64 c[5], t;

		for (u32 i = 0; i < 5; i++)
			c[i] = a[i] ^ a[i + 5] ^ a[i + 10] ^ a[i + 15] ^ a[i + 20];
		for (u32 i = 0; i < 25; i++)
			a[i] ^= c[(i + 4) % 5] ^ rotl64(c[(i + 1) % 5], 1);
		t = a[1];
		for (u32 i = 0; i < 24; i++) {
			const u32 ny = (2 * x + 3 * y) % 5;
			u64 cur;

			x = y;
			y = ny;
			cur = a[x + 5 * y];
			a[x + 5 * y] = rotl64(t, (i + 1) * (i + 2) / 2 % 64);
			t = cur;
		}
		for (u32 row = 0; row < 25; row += 5) {
			memcpy(c, a + row, sizeof(c));
			for (u32 i = 0; i < 5; i++)
				a[row + i] = c[i] ^ (~c[(i + 1) % 5] & c[(i + 2) % 5]);
		}
		for (u32 j = 0; j < 7; j++)
			a[0] ^= (u64)keccak_rc(&lfsr) << ((1u << j) - 1);
	}
}

static u32 block_len(enum icore_chap_alg alg)
{
	return alg == ICORE_CHAP_SHA3_256 ? KECCAK_RATE : BLOCK;
}

static void compress(struct sponge *s)
{
	switch (s->alg) {
	case ICORE_CHAP_MD5:
		md5_block(s->h, s->block);
		break;
	case ICORE_CHAP_SHA1:
		sha1_block(s->h, s->block);
		break;
	case ICORE_CHAP_SHA256:
		sha256_block(s->h, s->block);
		break;
	case ICORE_CHAP_SHA3_256:
		for (u32 i = 0; i < KECCAK_RATE; i++)
			s->a[i / 8] ^= (u64)s->block[i] << (8 * (i % 8));
		keccak(s->a);
		break;
	}
	s->fill = 0;
}

static void put(struct sponge *s, u8 byte)
{
	s->block[s->fill++] = byte;
	if (s->fill == block_len(s->alg))
		compress(s);
}

static void begin(struct sponge *s, enum icore_chap_alg alg)
{
	static const u32 old[8] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	static const u32 sha2[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
				     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	memset(s, 0, sizeof(*s));
	s->alg = alg;
	memcpy(s->h, alg == ICORE_CHAP_SHA256 ? sha2 : old, sizeof(s->h));
}

static void finish(struct sponge *s, u8 *out)
{
	const u64 bits = s->bytes * 8;
	const bool little = s->alg == ICORE_CHAP_MD5;

	if (s->alg == ICORE_CHAP_SHA3_256) {
		memset(s->block + s->fill, 0, KECCAK_RATE - s->fill);
		s->block[s->fill] = 0x06;
		s->block[KECCAK_RATE - 1] |= 0x80;
		compress(s);
		for (u32 i = 0; i < 32; i++)
			out[i] = s->a[i / 8] >> (8 * (i % 8)) & 0xff;
		return;
	}
	put(s, 0x80);
	while (s->fill != BLOCK - 8)
		put(s, 0);
	for (u32 i = 0; i < 8; i++)
		put(s, bits >> (little ? 8 * i : 56 - 8 * i) & 0xff);
	for (u32 i = 0; i < icore_chap_len(s->alg); i++)
		out[i] = s->h[i / 4] >> (little ? 8 * (i % 4) : 24 - 8 * (i % 4)) & 0xff;
}

static int test_hash(enum icore_chap_alg alg, const struct icore_vec *v, u32 n, u8 *out)
{
	struct sponge s;

	if (test_crypto_error && test_crypto_hashes >= test_crypto_good)
		return test_crypto_error;
	test_crypto_hashes++;
	begin(&s, alg);
	for (u32 i = 0; i < n; i++) {
		const u8 *p = v[i].data;

		for (u32 j = 0; j < v[i].len; j++)
			put(&s, p[j]);
		s.bytes += v[i].len;
	}
	finish(&s, out);
	return 0;
}

static void test_random(void *buf, u32 len)
{
	u8 *p = buf;

	while (len--)
		*p++ = next_random++;
}

static bool test_alg_ok(enum icore_chap_alg alg)
{
	return test_crypto_algs >> alg & 1;
}

void test_crypto_reset(void)
{
	test_crypto_algs = ~0u;
	test_crypto_error = 0;
	test_crypto_good = 0;
	test_crypto_hashes = 0;
	next_random = 1;
}

const struct icore_crypto test_crypto = {
	.hash = test_hash,
	.random = test_random,
	.alg_ok = test_alg_ok,
	.key = "a key that only the tests have",
};
