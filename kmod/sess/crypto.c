// SPDX-License-Identifier: GPL-2.0
/*
 * Hashes and random numbers for the protocol core.
 *
 * The transforms are allocated once, at load: a login neither allocates nor can
 * fail for lack of memory here. Synchronous hashes keep no state in the
 * transform, so all login workers share them. The crypto API loads what it needs
 * by itself; a MODULE_SOFTDEP would make `modprobe -r` fail while anybody else
 * uses one of them. It is used on all kernels, because direct library calls for
 * MD5 and SHA3 exist on the newest only.
 */
#include <crypto/hash.h>
#include <linux/err.h>
#include <linux/random.h>

#include "crypto.h"

static const struct {
	enum icore_chap_alg alg;
	const char *name;
} tiscsi_hashes[] = {
	{ ICORE_CHAP_MD5, "md5" },
	{ ICORE_CHAP_SHA1, "sha1" },
	{ ICORE_CHAP_SHA256, "sha256" },
	{ ICORE_CHAP_SHA3_256, "sha3-256" },
};

static struct crypto_shash *tiscsi_tfms[ARRAY_SIZE(tiscsi_hashes)];

static struct crypto_shash *tiscsi_crypto_find(enum icore_chap_alg alg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tiscsi_hashes); i++)
		if (tiscsi_hashes[i].alg == alg)
			return tiscsi_tfms[i];
	return NULL;
}

static bool tiscsi_crypto_alg_ok(enum icore_chap_alg alg)
{
	return tiscsi_crypto_find(alg);
}

static int tiscsi_crypto_hash(enum icore_chap_alg alg, const struct icore_vec *v, u32 n, u8 *out)
{
	struct crypto_shash *tfm = tiscsi_crypto_find(alg);
	u32 i;
	int ret;

	if (!tfm)
		return -ENOENT;
	{
		SHASH_DESC_ON_STACK(desc, tfm);

		desc->tfm = tfm;
		ret = crypto_shash_init(desc);
		for (i = 0; !ret && i < n; i++)
			ret = crypto_shash_update(desc, v[i].data, v[i].len);
		if (!ret)
			ret = crypto_shash_final(desc, out);
		shash_desc_zero(desc);
	}
	return ret;
}

static void tiscsi_crypto_random(void *buf, u32 len)
{
	get_random_bytes(buf, len);
}

/* Constant once the module is loaded. */
static struct icore_crypto tiscsi_crypto_ops __ro_after_init = {
	.hash = tiscsi_crypto_hash,
	.random = tiscsi_crypto_random,
	.alg_ok = tiscsi_crypto_alg_ok,
};

const struct icore_crypto *tiscsi_crypto(void)
{
	return &tiscsi_crypto_ops;
}

/* No login is left that computes anything. */
void tiscsi_crypto_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tiscsi_hashes); i++) {
		if (tiscsi_tfms[i])
			crypto_free_shash(tiscsi_tfms[i]);
		tiscsi_tfms[i] = NULL;
	}
}

/* A kernel without one of the hashes (MD5 under FIPS, say) still has the others. */
int tiscsi_crypto_init(void)
{
	struct crypto_shash *tfm;
	unsigned int i;

	get_random_bytes(tiscsi_crypto_ops.key, sizeof(tiscsi_crypto_ops.key));
	for (i = 0; i < ARRAY_SIZE(tiscsi_hashes); i++) {
		tfm = crypto_alloc_shash(tiscsi_hashes[i].name, 0, 0);
		if (IS_ERR(tfm)) {
			pr_warn("no %s in this kernel: CHAP_A=%d will not be offered\n",
				tiscsi_hashes[i].name, tiscsi_hashes[i].alg);
			continue;
		}
		tiscsi_tfms[i] = tfm;
	}
	return 0;
}
