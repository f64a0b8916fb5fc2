# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # its globals are for who sources it
# User-mode kernels: from Debian's linux-source package, one build directory per
# (kernel name, source version, configuration) in the cache.

# Resolved once per cache and kept until `kernels fetch --refresh`: a test run
# must not change its kernel under a developer because unstable moved.
uml_resolve()
{
	local file=$CACHE/resolved/uml package version

	if [ ! -s "$file" ] || [ -n "${REFRESH:-}" ]; then
		apt_refresh "$UML_SUITE" "${REFRESH:-}"
		package=$(depends "$UML_SUITE" linux-source '^linux-source-[0-9]')
		[ -n "$package" ] || die "linux-source names no source package in $UML_SUITE"
		version=$(candidate "$UML_SUITE" "$package")
		echo "$package ${version#*:}" >"$file.new"
		mv "$file.new" "$file"
	fi
	read -r UML_PACKAGE UML_VERSION <"$file"
}

uml_source_dir()
{
	echo "$CACHE/src/${UML_PACKAGE}_$UML_VERSION/$UML_PACKAGE"
}

unpack_source()
{
	local dir=$1

	set -e
	rm -rf "$dir.new"
	unpack "$UML_SUITE" "$dir.new" "$UML_PACKAGE=$UML_VERSION"
	tar -x -C "$dir.new" -f "$dir.new/usr/src/$UML_PACKAGE.tar.xz"
	rm -r "$dir.new/usr"
	mv "$dir.new" "$dir"
}

uml_source()
{
	local dir

	lock source
	uml_resolve
	dir=$(dirname "$(uml_source_dir)")
	if [ ! -d "$dir" ]; then
		need fetch
		apt_refresh "$UML_SUITE"
		run_shown "fetching $UML_PACKAGE $UML_VERSION" "$CACHE/log/source" 1800 \
			unpack_source "$dir"
	fi
	unlock source
}

uml_key()
{
	# shellcheck disable=SC2153 # set in common.sh
	cat "$KERNELS_DIR/configs/common.config" "$KERNELS_DIR/configs/$1.config" |
		grep '^CONFIG_' | hash_of
}

uml_dir()
{
	echo "$CACHE/uml/$1-$UML_VERSION-$(uml_key "$1")"
}

# Kconfig drops an option whose dependencies are not met without a word. A
# checker that is silently off would pass everything, so that stops the build.
check_config()
{
	local config=$1 option want got bad=0
	shift

	while IFS='=' read -r option want; do
		got=$(sed -n "s/^$option=//p" "$config")
		if [ "${got:-n}" != "$want" ]; then
			echo "$option=$want asked for, the kernel's Kconfig gives '${got:-n}'"
			bad=1
		fi
	done < <(grep -h '^CONFIG_' "$@")
	return "$bad"
}

uml_make_all()
{
	local name=$1 dir=$2 src=$3 configs=$KERNELS_DIR/configs

	set -e
	mkdir -p "$dir"
	make -s -C "$src" O="$dir" ARCH=um defconfig
	"$src/scripts/kconfig/merge_config.sh" -m -O "$dir" "$dir/.config" \
		"$configs/common.config" "$configs/$name.config"
	make -s -C "$src" O="$dir" ARCH=um olddefconfig
	check_config "$dir/.config" "$configs/common.config" "$configs/$name.config"
	make -C "$dir" ARCH=um -j"$JOBS"
	make -s -C "$dir" ARCH=um INSTALL_MOD_PATH="$dir/install" modules_install
	touch "$dir/.complete"
}

# Sets KERNEL_DIR, KERNEL_VERSION and KERNEL_RELEASE.
uml_kernel()
{
	local name=$1

	uml_resolve
	KERNEL_DIR=$(uml_dir "$name")
	KERNEL_VERSION=$UML_VERSION
	if [ ! -e "$KERNEL_DIR/.complete" ]; then
		need fetch module uml
		uml_source
		lock "uml-$name"
		[ -e "$KERNEL_DIR/.complete" ] ||
			run_shown "building $name kernel $UML_VERSION" "$CACHE/log/uml-$name" 5000 \
				uml_make_all "$name" "$KERNEL_DIR" "$(uml_source_dir)"
		unlock "uml-$name"
	fi
	KERNEL_RELEASE=$(<"$KERNEL_DIR/include/config/kernel.release")
	KERNEL_MODULES=$KERNEL_DIR/install/lib/modules/$KERNEL_RELEASE
}
