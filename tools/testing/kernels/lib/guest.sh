# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # its globals are for who sources it
# Starting guests. Both kinds get the run's directory ($RUN) and end up in
# guest/stage2; what differs is how the host's files reach them.

# in_cage COMMAND…: a process namespace of its own, because a user-mode kernel
# runs every guest process as a process of the host: killing the one at the top
# has to end them all, also when we are killed ourselves. The shell in between is
# process 1 there: a user-mode kernel that panics sends itself SIGABRT, which
# process 1 would ignore, and SIGTERM to its group, which must not be ours.
in_cage()
{
	# shellcheck disable=SC2016 # expanded by the inner shell
	exec setpriv --pdeathsig KILL -- \
		unshare --pid --fork --kill-child=KILL -- \
		sh -c 'setsid --wait "$@"; exit $?' sh "$@"
}

start_uml()
{
	local mem=$1 cpus=$2 pin=()

	# A figure depends on which processor serves it: keep to one.
	[ "$KERNEL_NAME" != bench ] || pin=(taskset -c "${TISCSI_BENCH_CPU:-0}")
	ulimit -c 0
	in_cage "${pin[@]}" "$KERNEL_DIR/linux" \
		rootfstype=hostfs rootflags=/ ro init="$RUN/uml-init" LAB_RUN="$RUN" \
		devtmpfs.mount=0 mem="$mem" ncpus="$cpus" seccomp=on uml_dir="$RUN/uml" \
		con=null con0=null,fd:1 ssl=null console=tty0 stderr=0 \
		printk.time=1 loglevel=8 panic=-1
}

# --- QEMU --------------------------------------------------------------------

initramfs_modules()
{
	local module

	for module in virtio_pci 9p 9pnet_virtio overlay; do
		modprobe -d "$KERNEL_DIR" -S "$KERNEL_RELEASE" --show-depends "$module"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

make_initramfs()
{
	local out=$1 root=$1.root module name

	rm -rf "$root"
	mkdir -p "$root"/{bin,modules}
	cp /bin/busybox "$root/bin/"
	cp "$KERNELS_DIR/guest/initramfs-init" "$root/init"
	chmod 755 "$root/init"
	for module in $(initramfs_modules); do
		name=$(basename "$module" .xz)
		case $module in
		*.xz) xz -dc "$module" >"$root/modules/$name" ;;
		*) cp "$module" "$root/modules/$name" ;;
		esac
		echo "$name"
	done >"$root/modules.order"
	mv "$root/modules.order" "$root/modules/order"
	(cd "$root" && find . | cpio --quiet -o -H newc) >"$out.new"
	rm -r "$root"
	mv "$out.new" "$out"
}

# Sets INITRAMFS; its name holds the hash of what it is made from.
initramfs()
{
	INITRAMFS=$KERNEL_DIR/initramfs-$(hash_of <"$KERNELS_DIR/guest/initramfs-init")
	[ ! -e "$INITRAMFS" ] || return 0
	lock "initramfs-$KERNEL_NAME"
	[ -e "$INITRAMFS" ] || make_initramfs "$INITRAMFS"
	unlock "initramfs-$KERNEL_NAME"
}

qemu_base()
{
	echo qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot
}

# The emulator may well be aborted by the host, which is an answer like another.
boot_with_kvm()
{
	ulimit -c 0
	# shellcheck disable=SC2046
	timeout -k 2 20 $(qemu_base) -accel kvm -cpu host -m 512M -smp 1 \
		-serial "file:$1" -kernel "$KERNEL_DIR/vmlinuz" -initrd "$INITRAMFS" \
		-append "console=ttyS0 panic=-1 lab.probe" </dev/null
	exit $?
}

# /dev/kvm being there proves nothing (nested virtualisation may be announced and
# not work), so a kernel has to have booted with it once on this host.
probe_kvm()
{
	local answer log=$CACHE/log/kvm
	answer=$CACHE/resolved/kvm-$( (uname -rv; grep -m 1 'model name' /proc/cpuinfo) | hash_of)

	if [ ! -e "$answer" ]; then
		lock kvm
		: >"$log"
		[ ! -w /dev/kvm ] || (boot_with_kvm "$log") >"$log.qemu" 2>&1 || true
		if grep -qs 'lab: probe reached init' "$log"; then
			echo "kvm" >"$answer"
		else
			say "no working hardware virtualisation here, guests are emulated (slow)"
			echo "tcg" >"$answer"
		fi
		unlock kvm
	fi
	ACCEL=$(<"$answer")
}

start_qemu()
{
	local mem=$1 cpus=$2 accel=(-accel "tcg,thread=multi" -cpu max)
	local fs=security_model=none,multidevs=remap share=()

	[ "$ACCEL" != kvm ] || accel=(-accel kvm -cpu host)
	[ -z "$LAB_SHARE" ] || share=(-virtfs "local,path=$LAB_SHARE,mount_tag=share,$fs")
	# shellcheck disable=SC2046
	in_cage $(qemu_base) "${accel[@]}" -m "$mem" -smp "$cpus" \
		-serial "file:$RUN/console" -kernel "$KERNEL_DIR/vmlinuz" -initrd "$INITRAMFS" \
		-append "console=ttyS0 panic=-1 oops=panic loglevel=8 printk.time=1 net.ifnames=0" \
		-virtfs "local,path=/,mount_tag=host,readonly=on,$fs" \
		-virtfs "local,path=$RUN,mount_tag=run,$fs" "${share[@]}"
}

# --- both --------------------------------------------------------------------

# Sets what the kernel named KERNEL_NAME needs to start.
prepare_kernel()
{
	if is_uml "$KERNEL_NAME"; then
		uml_kernel "$KERNEL_NAME"
	else
		need qemu
		stock_kernel "$KERNEL_NAME"
		initramfs
		probe_kvm
	fi
}

# Runs until the guest ends; called in the background.
start_guest()
{
	if is_uml "$KERNEL_NAME"; then
		start_uml "$1" "$2" >>"$RUN/console" 2>&1 </dev/null
	else
		start_qemu "$1" "$2" >>"$RUN/emulator" 2>&1 </dev/null
	fi
}
