# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # its globals are for who sources it
# Debian's own kernels: image and modules for QEMU, headers for the build.

stock_resolve()
{
	local name=$1 file=$CACHE/resolved/$1 suite image headers version
	suite=$(suite_of "$name")

	if [ ! -s "$file" ] || [ -n "${REFRESH:-}" ]; then
		need fetch
		lock "resolve-$name"
		apt_refresh "$suite" "${REFRESH:-}"
		image=$(depends "$suite" linux-image-amd64 '^linux-image-[0-9]')
		headers=$(depends "$suite" linux-headers-amd64 '^linux-headers-[0-9]')
		[[ -n $image && -n $headers ]] ||
			die "linux-image-amd64 and linux-headers-amd64 name no kernel in $suite"
		[ "${image#linux-image-}" = "${headers#linux-headers-}" ] ||
			die "$suite is in the middle of an update: $image, but $headers"
		version=$(candidate "$suite" "$image")
		echo "${image#linux-image-} $version" >"$file.new"
		mv "$file.new" "$file"
		unlock "resolve-$name"
	fi
	read -r KERNEL_RELEASE KERNEL_VERSION <"$file"
}

# --- image and modules -------------------------------------------------------

# Whole subsystems that a storage lab never loads: two thirds of the package, and
# of the time that unpacking and depmod take.
TRIM_MODULES=(--wildcards
	'--exclude=*/kernel/drivers/'{gpu,media,staging,iio,isdn,input,bluetooth,hid,usb,infiniband,comedi,video}
	'--exclude=*/kernel/drivers/net/'{wireless,ethernet,can,wwan,usb,phy,dsa,hamradio}
	'--exclude=*/kernel/sound' '--exclude=*/kernel/net/'{bluetooth,mac80211,wireless,can,batman-adv}
	'--exclude=*/usr/share')

unpack_stock_image()
{
	local suite=$1 dir=$2 release=$3 version=$4 packages lib
	UNPACK_ARGS=("${TRIM_MODULES[@]}")

	set -e
	# Newer kernels are split: linux-image only depends on the parts.
	packages=$(apt_in "$suite" apt-cache depends "linux-image-$release=$version" |
		awk -v r="$release" -v v="$version" '
			$NF == "linux-base-" r || $NF == "linux-binary-" r ||
			$NF == "linux-modules-" r { print $NF "=" v }')
	packages=${packages:-linux-image-$release=$version}
	rm -rf "$dir.new"
	# shellcheck disable=SC2086
	unpack "$suite" "$dir.new/deb" $packages
	for lib in "$dir.new"/deb/{usr/lib,lib}/modules/"$release"; do
		[ ! -d "$lib/kernel" ] || mv "$lib" "$dir.new/modules"
	done
	if [ -e "$dir.new/modules/vmlinuz" ]; then
		mv "$dir.new/modules/vmlinuz" "$dir.new/vmlinuz"
	else
		mv "$dir.new/deb/boot/vmlinuz-$release" "$dir.new/vmlinuz"
	fi
	rm -r "$dir.new/deb"
	rm -f "$dir.new"/modules/{build,source}
	# depmod wants the tree at its final place below a lib/modules.
	mkdir -p "$dir.new/lib/modules"
	mv "$dir.new/modules" "$dir.new/lib/modules/$release"
	depmod -b "$dir.new" "$release"
	mv "$dir.new" "$dir"
}

# Sets KERNEL_DIR, KERNEL_VERSION, KERNEL_RELEASE and KERNEL_MODULES.
stock_kernel()
{
	local name=$1

	stock_resolve "$name"
	KERNEL_DIR=$CACHE/stock/$name-$KERNEL_VERSION
	KERNEL_MODULES=$KERNEL_DIR/lib/modules/$KERNEL_RELEASE
	[ ! -d "$KERNEL_DIR" ] || return 0
	need fetch module
	lock "stock-$name"
	if [ ! -d "$KERNEL_DIR" ]; then
		apt_refresh "$(suite_of "$name")"
		run_shown "fetching the $name kernel $KERNEL_VERSION" "$CACHE/log/stock-$name" 1800 \
			unpack_stock_image "$(suite_of "$name")" "$KERNEL_DIR" \
			"$KERNEL_RELEASE" "$KERNEL_VERSION"
	fi
	unlock "stock-$name"
}

# --- headers -----------------------------------------------------------------

# Headers want the compiler of their own suite: a newer one's flags stop an older
# gcc. Where the host is that suite they are unpacked in private and use the
# host's gcc; elsewhere the suite gets a small root of its own.
native_suite()
{
	[ "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" = "$1" ]
}

unpack_native_headers()
{
	local suite=$1 dir=$2 release=$3 version=$4 common kbuild

	set -e
	common=$(depends "$suite" "linux-headers-$release" '^linux-headers-.*-common$')
	kbuild=$(depends "$suite" "linux-headers-$release" '^linux-kbuild-')
	rm -rf "$dir.new"
	unpack "$suite" "$dir.new" "linux-headers-$release=$version" "$common=$version" \
		"$kbuild=$version"
	# The one absolute path in the package; everything else is relative.
	sed -i "s,^include /usr/src/,include $dir/usr/src/," \
		"$dir.new/usr/src/linux-headers-$release/Makefile"
	mv "$dir.new" "$dir"
}

# sparse in the suite's own version: each kernel's headers want one that knows the
# language they use. It brings perl, which W=1 runs over the comments up to 6.12.
ROOT_PACKAGES=make,sparse

make_root()
{
	local suite=$1 dir=$2 release=$3

	set -e
	rm -rf --one-file-system "$dir.new"
	bootstrap "$suite" "$dir.new" --variant=minbase \
		--include="linux-headers-$release,$ROOT_PACKAGES"
	mkdir -p "$dir.new/build"
	allow_sparse "$dir.new"
	mv "$dir.new" "$dir"
}

# The 7.2 Makefile asks a script whether sparse is new enough, and the headers
# package forgets to bring that script: without it C=1 silently checks nothing.
# The suite's own sparse is new enough.
allow_sparse()
{
	local scripts

	for scripts in "$1"/usr/src/linux-headers-*-common/scripts; do
		[ -e "$scripts/checker-valid.sh" ] || {
			printf '#!/bin/sh\necho 1\n' >"$scripts/checker-valid.sh"
			chmod 755 "$scripts/checker-valid.sh"
		}
	done
}

headers_dir()
{
	echo "$CACHE/root/$1-$KERNEL_VERSION-$(echo "$ROOT_PACKAGES" | hash_of)"
}

# Sets HEADERS_DIR, and HEADERS_NATIVE to 1 when no root is needed.
stock_headers()
{
	local name=$1 suite
	suite=$(suite_of "$name")

	stock_resolve "$name"
	HEADERS_NATIVE=
	! native_suite "$suite" || HEADERS_NATIVE=1
	HEADERS_DIR=$(headers_dir "$name")
	[ ! -d "$HEADERS_DIR" ] || return 0
	need fetch module
	[ -n "$HEADERS_NATIVE" ] || need root
	lock "headers-$name"
	if [ ! -d "$HEADERS_DIR" ]; then
		apt_refresh "$suite"
		if [ -n "$HEADERS_NATIVE" ]; then
			run_shown "fetching the $name headers $KERNEL_VERSION" \
				"$CACHE/log/headers-$name" 900 unpack_native_headers "$suite" \
				"$HEADERS_DIR" "$KERNEL_RELEASE" "$KERNEL_VERSION"
		else
			need_root "a build root for $name"
			run_shown "making the $name build root $KERNEL_VERSION" \
				"$CACHE/log/headers-$name" 1800 make_root "$suite" "$HEADERS_DIR" \
				"$KERNEL_RELEASE"
		fi
	fi
	unlock "headers-$name"
}
