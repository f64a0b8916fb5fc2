/* SPDX-License-Identifier: GPL-2.0 */
/* Steps of a login, as they are printed. */
#ifndef LOGIN_STEP_H
#define LOGIN_STEP_H

/* NULL for what is none. */
const char *step_name(long long step);

#endif /* LOGIN_STEP_H */
