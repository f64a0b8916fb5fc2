# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # its globals are for who sources it
# The work tree's modules for one kernel. Built in a copy in the cache: nothing
# is ever written to the work tree, and kernels do not share object files.

# Only what the build reads. A tree without one of them is fine: rooms appear
# one after the other, and the lab is useful before the first one does.
SOURCE_ROOMS="Kbuild Makefile kmod include kunit"

copy_sources()
{
	local dest=$1 room rooms=()

	for room in $SOURCE_ROOMS; do
		[ ! -e "$TREE/$room" ] || rooms+=("$TREE/$room")
	done
	mkdir -p "$dest"
	[ ${#rooms[@]} -gt 0 ] || return 0
	rsync -a --delete --out-format=%n \
		--exclude='*.o' --exclude='*.ko' --exclude='*.mod' --exclude='*.mod.c' \
		--exclude='.*.cmd' --exclude='.*.d' --exclude=Module.symvers \
		--exclude=modules.order --exclude='.tmp_*' "${rooms[@]}" "$dest/" |
		grep -v '/$' || true
}

# kernel_for NAME: everything to build against NAME and nothing more. Sets
# KERNEL_RELEASE and MAKE_MODULE, the command to which "M=… target" is added.
kernel_for_build()
{
	local name=$1

	if is_uml "$name"; then
		uml_kernel "$name"
	elif is_stock "$name"; then
		stock_headers "$name"
	else
		die "no kernel is called '$name'; there are: $UML_KERNELS $STOCK_KERNELS"
	fi
}

has_kunit()
{
	is_uml "$1" && grep -q '^CONFIG_KUNIT=y' "$KERNEL_DIR/.config"
}

# The mount namespace ends with the build, so that nothing can stay mounted on
# the root whatever happens. /proc is there because objtool opens it.
make_in_root()
{
	local src=$1
	shift

	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount --propagation private -- sh -ec '
		root=$1 src=$2 release=$3; shift 3
		mount --bind "$src" "$root/build"
		mount -t proc proc "$root/proc"
		exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
			make -C "/lib/modules/$release/build" M=/build "$@"
	' sh "$HEADERS_DIR" "$src" "$KERNEL_RELEASE" "$@"
}

# make_module NAME SRC ARG…
make_module()
{
	local name=$1 src=$2
	shift 2
	unset MAKEFLAGS MFLAGS MAKELEVEL

	if is_uml "$name"; then
		make -C "$KERNEL_DIR" ARCH=um M="$src" -j"$JOBS" "$@"
	elif [ -n "$HEADERS_NATIVE" ]; then
		make -C "$HEADERS_DIR/usr/src/linux-headers-$KERNEL_RELEASE" M="$src" \
			-j"$JOBS" "$@"
	else
		make_in_root "$src" -j"$JOBS" "$@"
	fi
}

tree_dir()
{
	echo "$CACHE/tree/$1-$KERNEL_VERSION-$(echo "$TREE" | hash_of)"
}

# install_modules DEST: a module tree for the guest made of the kernel's own
# modules (a link) and ours in updates/, which depmod prefers.
install_modules()
{
	local dest=$1/lib/modules/$KERNEL_RELEASE ko
	shift

	rm -rf "$dest.new"
	mkdir -p "$dest.new/updates"
	ln -s "$KERNEL_MODULES/kernel" "$dest.new/kernel"
	cp "$KERNEL_MODULES"/modules.{order,builtin,builtin.modinfo} "$dest.new/"
	for ko in "$@"; do
		[ ! -e "$ko" ] || cp "$ko" "$dest.new/updates/"
	done
	rm -rf "$dest"
	mv "$dest.new" "$dest"
	depmod -b "${dest%/lib/modules/*}" "$KERNEL_RELEASE"
}

build_tree()
{
	local name=$1 dir=$2 with=$3 args=()

	set -e
	[ ! -e "$dir/src/kunit/Kbuild" ] || ! has_kunit "$name" || args+=(TISCSI_KUNIT=m)
	[ ! -e "$dir/src/Kbuild" ] || make_module "$name" "$dir/src" "${args[@]}" modules
	[ -z "$with" ] || make_module "$name" "$dir/faulty" modules
	install_modules "$dir/mods" "$dir"/src/kmod/*.ko "$dir"/src/kunit/*.ko \
		"$dir"/faulty/*.ko
	echo "$KERNEL_DIR" >"$dir/.built"
}

# guest_modules NAME DEST [faulty]: brings this tree's modules for NAME up to
# date and leaves a private copy of the module tree in DEST, so that a later
# build cannot change files under a running guest.
guest_modules()
{
	local name=$1 dest=$2 with=${3:-} dir changed

	dir=$(tree_dir "$name")
	lock "tree-${dir##*/}"
	changed=$(copy_sources "$dir/src")
	if [ -n "$with" ]; then
		changed+=$(rsync -a --out-format=%n "$KERNELS_DIR/faulty/" "$dir/faulty/")
	fi
	# Another configuration of the same version is another kernel.
	if [ -n "$changed" ] || [ "$(cat "$dir/.built" 2>/dev/null)" != "$KERNEL_DIR" ]; then
		rm -f "$dir/.built"
		[[ ! -e $dir/src/Kbuild && -z $with ]] || kernel_for_build "$name"
		run_shown "building modules for $name" "$CACHE/log/${dir##*/}" 900 \
			build_tree "$name" "$dir" "$with"
	fi
	cp -a "$dir/mods/lib/modules/$KERNEL_RELEASE" "$dest"
	unlock "tree-${dir##*/}"
}

# A warning of the build that says nothing about the source.
IGNORED_WARNING='warning: the compiler differs from the one used to build the kernel'

# What a kernel's Makefile says instead of failing when it will not run sparse.
NO_SPARSE='is not available or not up to date'

# What decides how a file is compiled and judged, beside the file: another kernel,
# compiler, checker or option begins from nothing.
checked_with()
{
	stat -c '%n %Y' "${HEADERS_DIR:-$KERNEL_DIR}"
	echo "$KERNEL_RELEASE $*"
	${CC:-gcc} --version | head -n 1
	sparse --version 2>/dev/null || true
}

# build_checked NAME [ARG…]: every warning is shown, any fails. Objects are kept for the
# next run only when there was none, so what a kept object stands for is silent.
build_checked()
{
	local name=$1 dir log with found status=0
	shift

	kernel_for_build "$name"
	dir=$(tree_dir "checked-$name")
	log=$dir.log
	lock "tree-${dir##*/}"
	with=$(checked_with "$@")
	[ "$(cat "$dir/.silent" 2>/dev/null)" = "$with" ] || rm -rf "$dir"
	rm -f "$dir/.silent"
	copy_sources "$dir/src" >/dev/null
	[ -e "$dir/src/Kbuild" ] || die "$TREE/Kbuild is missing: there is no module to build"
	make_module "$name" "$dir/src" "$@" modules >"$log" 2>&1 </dev/null || status=$?
	found=$(grep -iE "warning[: ]|error[: ]|undefined|$NO_SPARSE" "$log" | grep -vF "$IGNORED_WARNING") || true
	if [ "$status" -ne 0 ] || [ -n "$found" ]; then
		grep -vE '^ +(CC|LD|MODPOST|CHECK|BTF|AR) ' "$log" >&2
		status=1
	else
		echo "$with" >"$dir/.silent"
	fi
	rm -f "$log"
	unlock "tree-${dir##*/}"
	return "$status"
}
