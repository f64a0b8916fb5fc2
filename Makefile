# SPDX-License-Identifier: GPL-2.0
#
# For people. What kbuild reads is in Kbuild; the two never look at each other's
# variables, so DKMS may set KERNELRELEASE as it likes.

VERSION := $(shell sed -n 's/^.define TISCSI_VERSION "\(.*\)"/\1/p' include/tcm_iscsi/version.h)
KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
PREFIX ?= /usr/local

all: modules tools

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

modules_install:
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_DIR=updates modules_install

tools:
	$(MAKE) -C tools/tcm-iscsi VERSION=$(VERSION)

# install-modprobe is not part of install: it changes which module others get.
install: tools
install uninstall install-modprobe uninstall-modprobe:
	$(MAKE) -C tools/tcm-iscsi VERSION=$(VERSION) PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) $@

# Without KVER= for the running kernel, and every other one that has headers.
dkms-install:
	tools/dkms/manage install $(if $(filter file,$(origin KVER)),,$(KVER))

dkms-uninstall:
	tools/dkms/manage uninstall

# The main job, end to end, in a kernel of the lab.
KERNEL ?= debian-12
demo:
	tools/testing/demo --kernel $(KERNEL)

# Everything that must hold before a change lands.
check:
	tools/testing/check

# Number by number of tools/testing/conformance/checklist. MODULE=iscsi_target_mod
# asks the kernel's own target.
MODULE ?= tcm_iscsi
conformance: KERNEL = kasan
conformance:
	tools/testing/conformance/selftest
	tools/testing/lab --kernel $(KERNEL) --timeout 1500 -- \
		tools/testing/conformance/run --module $(MODULE)

# Four initiators, strangers and an administrator at work for that long, then unload.
SOAK_SECONDS ?= 1800
soak: KERNEL = kasan
soak:
	tools/testing/lab --kernel $(KERNEL) --timeout $$(($(SOAK_SECONDS) + 600)) -- \
		tools/testing/soak/run --seconds $(SOAK_SECONDS)

# libiscsi's own tests on both modules. TESTCU="--only 'iSCSI.*'" for some.
testcu: KERNEL = kasan
testcu:
	tools/testing/testcu/selftest
	tools/testing/lab --kernel $(KERNEL) --timeout 3600 -- tools/testing/testcu/run $(TESTCU)

# Installation as users do it, in Debian images, up to booting them. SUITE=debian-12
# for one of them, IMAGE="--only install" for another option of run.
SUITE ?=
image-test:
	tools/testing/image/run $(SUITE) $(IMAGE)

# A diskless machine that boots from the target, in a user-mode kernel of the lab.
# BOOT=--quick for two resets only.
boot-test: KERNEL = kasan
boot-test:
	tools/testing/boot/lab $(KERNEL) $(BOOT)

# From the one module to the other and back, with clients connected.
# SWITCH=--quick or SWITCH="--only 'switch.to_*'" for some of it.
switch-test: KERNEL = kasan
switch-test:
	tools/testing/kernels/kernels packages tests switch
	tools/testing/lab --kernel $(KERNEL) --timeout 1800 -- tools/testing/switch/run $(SWITCH)

# targetcli and rtslib of three Debian releases, with this module and with the one of
# the kernel. LIO=--quick, or another option of tools/testing/lio/lab.
lio: KERNEL = kasan
lio:
	tools/testing/lio/lab $(KERNEL) $(LIO)

# What both modules show in configfs. KERNEL=all for the whole matrix, ABI="--quick" or
# another option of abi/run.
abi: KERNEL = kasan
abi:
	tools/testing/abi/selftest
	tools/testing/abi/lab $(KERNEL) -- $(ABI)

# Programs that drive the target, on both modules. AGENTS="--only 'unit.*'" for some.
agents: KERNEL = kasan
agents:
	tools/testing/agents/selftest
	tools/testing/agents/lab $(KERNEL) $(AGENTS)

# tcm-iscsi restore beside targetctl restore, and of 10,000 LUNs. RESTORE=--quick for a
# tenth of it.
bench-restore:
	tools/testing/lab --kernel smp --timeout 3000 -- tools/testing/bench/restore $(RESTORE)

host-test:
	$(MAKE) -C kunit/host test

static:
	tools/testing/static/static

# FUZZ="login rx" for some targets of the core only; the tool's reader of files comes last.
FUZZ_SECONDS ?= 60
fuzz:
	tools/testing/fuzz/core --seconds $(FUZZ_SECONDS) $(FUZZ)
	$(if $(FUZZ),,$(MAKE) -C tools/tcm-iscsi fuzz FUZZ_SECONDS=$(FUZZ_SECONDS))

fuzz-merge:
	tools/testing/fuzz/core --merge $(FUZZ)

# The loaded module, over the wire. FUZZ_LIVE="--seed 7" or another option of live.
FUZZ_KERNEL ?= kasan
fuzz-live:
	tools/testing/fuzz/lab $(FUZZ_KERNEL) --seconds $(FUZZ_SECONDS) $(FUZZ_LIVE)

# Beside the kernel's own target and others, on one processor, and then the tool's restore.
# BENCH_JSON=file for the figures and, beside it, a plot; BENCH="--only '4k-*'" for another
# option of bench/run, BENCH_KERNEL=smp for two processors.
BENCH_KERNEL ?= bench
BENCH_JSON ?=
bench:
	tools/testing/bench/lab --kernel $(BENCH_KERNEL) \
		$(if $(BENCH_JSON),--json $(abspath $(BENCH_JSON))) -- $(BENCH)
	$(if $(BENCH),,$(MAKE) bench-restore)

# Not through kbuild, so that it needs no headers for the running kernel.
clean:
	find . \( -name .git -o -path ./tools \) -prune -o -type f \( -name '*.o' -o -name '*.ko' \
		-o -name '*.mod' -o -name '*.mod.c' -o -name '.*.cmd' -o -name '.*.d' \
		-o -name modules.order -o -name Module.symvers \) -exec rm -f {} +
	[ ! -d tools/tcm-iscsi ] || $(MAKE) -C tools/tcm-iscsi clean

help:
	@echo 'make                    module for the running kernel (KVER=... for another), and the tool'
	@echo 'make modules            the module only'
	@echo 'make modules_install    install the module; then run depmod'
	@echo 'make dkms-install       install through DKMS: rebuilt with every new kernel; KVER=... for'
	@echo '                        one kernel instead of all that have headers'
	@echo 'make dkms-uninstall     take it away again'
	@echo 'make tools, install     the tool tcm-iscsi; make uninstall'
	@echo 'make install-modprobe   give tcm_iscsi to who asks for iscsi_target_mod;'
	@echo '                        make uninstall-modprobe'
	@echo 'make demo               watch it work in a virtual machine; KERNEL=name for another kernel'
	@echo 'make check              all tests; needs root on Debian 12, installs what it needs'
	@echo 'make conformance        every rule of the protocol, by number; KERNEL=name, MODULE=name'
	@echo 'make soak               everything at once, for SOAK_SECONDS=1800; KERNEL=name'
	@echo 'make testcu             iscsi-test-cu of libiscsi, on this module and on the one of the'
	@echo '                        kernel; KERNEL=name, TESTCU="--only GLOB" for some of it'
	@echo 'make image-test         install, upgrade, boot and uninstall in Debian images;'
	@echo '                        SUITE=debian-12, debian-13 or debian-sid for one of them'
	@echo 'make boot-test          a machine boots from the target with iPXE and is reset 20 times;'
	@echo '                        KERNEL=name of a user-mode kernel, BOOT=--quick for 2 resets'
	@echo 'make switch-test        change between this module and the one of the kernel while clients'
	@echo '                        work; KERNEL=name, SWITCH=--quick for some of it'
	@echo 'make lio                targetcli and saveconfig.json with both modules; KERNEL=name,'
	@echo '                        LIO=--quick for the short round'
	@echo 'make abi                configfs of this module and of the one of the kernel, compared;'
	@echo '                        KERNEL=name, or all'
	@echo 'make agents             Pacemaker agents, tcmu-runner, and the calls of targetd and'
	@echo '                        ceph-iscsi on both modules; KERNEL=name, AGENTS="--only GLOB"'
	@echo 'make host-test          unit tests of the protocol core only'
	@echo 'make static             static checks only'
	@echo 'make fuzz               fuzz the protocol core, and how the tool reads files;'
	@echo '                        FUZZ_SECONDS=60 for each target, FUZZ="login rx" for some of'
	@echo '                        the core; make fuzz-merge to keep what was learnt'
	@echo 'make fuzz-live          fuzz the module in a kernel of the lab; FUZZ_SECONDS=60,'
	@echo '                        FUZZ_KERNEL=kasan'
	@echo 'make bench-restore      how long tcm-iscsi restore takes, beside targetctl'
	@echo 'make bench              speed, beside that of other targets; BENCH_JSON=file for figures and'
	@echo '                        plot, BENCH="--only GLOB" for some of it, BENCH_KERNEL=smp'
	@echo 'make clean'

.PHONY: all modules modules_install tools install uninstall install-modprobe \
	uninstall-modprobe dkms-install dkms-uninstall demo check \
	conformance soak testcu image-test boot-test switch-test lio abi agents \
	host-test static fuzz fuzz-merge fuzz-live bench bench-restore clean help
