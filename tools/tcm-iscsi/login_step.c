// SPDX-License-Identifier: GPL-2.0
/* Steps of a login, as they are printed. */
#include <stddef.h>

#include <linux/tcm_iscsi.h>

#include "login_step.h"

const char *step_name(long long step)
{
	switch (step) {
	case TCM_ISCSI_LOGIN_STEP_CONNECT:
		return "connect";
	case TCM_ISCSI_LOGIN_STEP_NAMES:
		return "names";
	case TCM_ISCSI_LOGIN_STEP_SECURITY:
		return "security";
	case TCM_ISCSI_LOGIN_STEP_OPERATIONAL:
		return "operational";
	case TCM_ISCSI_LOGIN_STEP_SESSION:
		return "session";
	}
	return NULL;
}
