/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What login.c (PDUs and stages), login_text.c (keys) and chap.c (the proof)
 * share.
 */
#ifndef ICORE_LOGIN_PRIV_H
#define ICORE_LOGIN_PRIV_H

#include <tcm_iscsi/core.h>

/* struct icore_login.auth: how far the security stage has come. */
enum icore_auth {
	ICORE_AUTH_OPEN,	/* no method agreed */
	ICORE_AUTH_CHAP_A,	/* CHAP agreed, CHAP_A is due */
	ICORE_AUTH_CHAP_R,	/* challenge sent, the response is due */
	ICORE_AUTH_DONE,	/* nothing more to prove */
};

/* Values of the security keys of one text, NULL if absent. */
struct icore_security {
	const char *auth_method;
	const char *chap_a;
	const char *chap_i;
	const char *chap_c;
	const char *chap_n;
	const char *chap_r;
};

/* Everything a CHAP step works with. */
struct icore_chap_ctx {
	struct icore_chap *chap;
	const struct icore_crypto *crypto;
	const struct icore_chap_cred *cred;
	struct icore_out *out;
	const char *why;	/* set on failure */
};

/* chap.c */
enum icore_login_status icore_chap_challenge(struct icore_chap_ctx *x, const char *algs);
enum icore_login_status icore_chap_check(struct icore_chap_ctx *x, const struct icore_security *s);

/* login_text.c */
enum icore_login_status icore_login_scan(struct icore_login *l);
enum icore_login_status icore_login_names(struct icore_login *l);
enum icore_login_status icore_login_admit(struct icore_login *l);
enum icore_login_status icore_login_keys(struct icore_login *l);
enum icore_login_status icore_login_settle(struct icore_login *l);

#endif /* ICORE_LOGIN_PRIV_H */
