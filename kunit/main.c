// SPDX-License-Identifier: GPL-2.0
/*
 * The module around the suites. KUnit runs them when the module is loaded, so
 * there is nothing to initialise.
 */
#include <linux/module.h>

MODULE_DESCRIPTION("KUnit suites of the tcm_iscsi protocol core");
MODULE_LICENSE("GPL");
