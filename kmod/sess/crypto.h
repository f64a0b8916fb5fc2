/* SPDX-License-Identifier: GPL-2.0 */
/* Hashes and random numbers for the protocol core. */
#ifndef TISCSI_CRYPTO_H
#define TISCSI_CRYPTO_H

#include <tcm_iscsi/core.h>

const struct icore_crypto *tiscsi_crypto(void);
int tiscsi_crypto_init(void);
void tiscsi_crypto_exit(void);

#endif /* TISCSI_CRYPTO_H */
