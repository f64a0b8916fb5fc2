// SPDX-License-Identifier: GPL-2.0
/*
 * A module that is wrong on request, one way per load. The lab loads it to see
 * that its verdict catches every kind of failure; nobody else has a use for it.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *fault = "none";
module_param(fault, charp, 0444);
MODULE_PARM_DESC(fault, "what to do wrong while loading");

static DEFINE_SPINLOCK(lock_a);
static DEFINE_SPINLOCK(lock_b);
static DEFINE_MUTEX(sleeper);

static void fault_none(void)
{
	pr_info("nothing wrong\n");
}

static void fault_warn(void)
{
	WARN_ON_ONCE(1);
}

static void fault_oops(void)
{
	int *volatile nowhere = NULL;

	*nowhere = 1;
}

static void fault_panic(void)
{
	panic("asked for");
}

static void fault_overrun(void)
{
	volatile size_t size = 24;
	char *buf = kmalloc(size, GFP_KERNEL);

	if (!buf)
		return;
	OPTIMIZER_HIDE_VAR(buf);
	buf[size] = 1;
	kfree(buf);
}

static void fault_use_after_free(void)
{
	volatile char *buf = kmalloc(64, GFP_KERNEL);

	if (!buf)
		return;
	kfree((void *)buf);
	buf[3] = 1;
}

static void fault_atomic_sleep(void)
{
	spin_lock(&lock_a);
	mutex_lock(&sleeper);
	mutex_unlock(&sleeper);
	spin_unlock(&lock_a);
}

static void fault_inversion(void)
{
	spin_lock(&lock_a);
	spin_lock(&lock_b);
	spin_unlock(&lock_b);
	spin_unlock(&lock_a);

	spin_lock(&lock_b);
	spin_lock(&lock_a);
	spin_unlock(&lock_a);
	spin_unlock(&lock_b);
}

static void fault_leak(void)
{
	int i;

	/* Several: a stale pointer on some stack must not hide all of them. */
	for (i = 0; i < 16; i++) {
		void *lost = kmalloc(176, GFP_KERNEL);

		OPTIMIZER_HIDE_VAR(lost);
	}
}

static void fault_list(void)
{
	LIST_HEAD(list);
	struct list_head entry;

	list_add(&entry, &list);
	list_add(&entry, &list);
}

static void fault_refcount(void)
{
	refcount_t count = REFCOUNT_INIT(0);

	refcount_inc(&count);
}

static int sleep_forever(void *unused)
{
	while (!kthread_should_stop()) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule();
	}
	return 0;
}

static void fault_hung_task(void)
{
	struct task_struct *task = kthread_run(sleep_forever, NULL, "faulty_sleeper");

	if (!IS_ERR(task))
		ssleep(150);
}

static void fault_spin(void)
{
	for (;;)
		cpu_relax();
}

static const struct {
	const char *name;
	void (*run)(void);
} faults[] = {
	{ "none", fault_none },
	{ "warn", fault_warn },
	{ "oops", fault_oops },
	{ "panic", fault_panic },
	{ "overrun", fault_overrun },
	{ "use_after_free", fault_use_after_free },
	{ "atomic_sleep", fault_atomic_sleep },
	{ "inversion", fault_inversion },
	{ "leak", fault_leak },
	{ "list", fault_list },
	{ "refcount", fault_refcount },
	{ "hung_task", fault_hung_task },
	{ "spin", fault_spin },
};

static int __init faulty_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (strcmp(faults[i].name, fault) == 0) {
			faults[i].run();
			return 0;
		}
	}
	pr_err("no fault is called '%s'\n", fault);
	return -EINVAL;
}

static void __exit faulty_exit(void)
{
}

module_init(faulty_init);
module_exit(faulty_exit);
MODULE_DESCRIPTION("Faults for the lab's self test");
MODULE_LICENSE("GPL");
