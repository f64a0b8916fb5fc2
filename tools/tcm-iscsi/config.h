/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The configuration of one fabric, as it is read from configfs.
 *
 * Everything optional has a value that says so: NULL for text, -1 for numbers
 * and booleans that could not be read. Secrets are judged while they are read
 * and never kept.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "cred.h"
#include "info.h"
#include "tool.h"

#define UNKNOWN		(-1)
/* acl.authentication besides 0 and 1; -1 is the kernel's word for "inherit". */
#define AUTH_INHERIT	2

/* What config_load() is to look at; names are always read. */
enum config_part {
	CONFIG_SETTINGS	= 1 << 0,
	CONFIG_SESSIONS	= 1 << 1,	/* with the negotiated parameters */
};

struct portal {
	char *name;		/* as in configfs */
	char *address;		/* without brackets; NULL if @name is no portal */
	long long port;
	int iser;
	int offload;
};

struct lun {
	long long index;
	char *backstore;	/* hba/device; NULL: nothing is behind it */
	char *path;		/* udev_path, else what the backstore reports */
	long long size;
};

struct mapped_lun {
	long long index;
	long long tpg_lun;	/* UNKNOWN: maps nothing */
	int write_protect;
};

/* Negotiated parameters, in the order of param_names. */
#define PARAM_COUNT	11
struct param_name {
	const char *name;
	bool is_bool;
};

extern const struct param_name param_names[PARAM_COUNT];

struct acl {
	char *name;
	char *tag;		/* NULL: none */
	int authentication;	/* 0, 1, AUTH_INHERIT, UNKNOWN */
	struct cred cred;
	struct mapped_lun *mapped;
	size_t mapped_count;
	int logged_in;		/* @info holds a session */
	struct info info;
	long long param[PARAM_COUNT];
};

struct tpg {
	char *name;		/* tpgt_N */
	long long tag;
	int enable;
	int authentication;
	int generate_node_acls;
	int demo_mode_write_protect;
	char *auth_method;
	struct cred cred;
	struct portal *portals;
	size_t portal_count;
	struct lun *luns;
	size_t lun_count;
	struct acl *acls;
	size_t acl_count;
	char **dynamic;		/* initiators with a session and without an ACL */
	size_t dynamic_count;
};

struct target {
	char *wwn;
	long long sessions;	/* the kernel's count; UNKNOWN if it has none */
	struct tpg *tpgs;
	size_t tpg_count;
};

struct config {
	char *fabric;		/* directory below target/ */
	bool present;		/* it exists */
	int enforce_discovery_auth;
	struct cred discovery;
	struct target *targets;
	size_t target_count;
};

void config_load(struct tool *t, const char *fabric, unsigned int parts, struct config *config);
void config_free(struct config *config);

/* backstore.c: fill backstore, path and size of a LUN. */
void backstore_load(struct tool *t, const char *lun_dir, struct lun *lun);

#endif /* CONFIG_H */
