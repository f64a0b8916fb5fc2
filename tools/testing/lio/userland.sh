# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# targetcli and rtslib of a Debian release: a small root of that release in the cache,
# so that neither the host's packages nor its services change, whatever the host is.

# targetcli asks the system bus for user:* backstores and gives up without one; rtslib
# loads modules by itself, by kmod.
LIO_PACKAGES=targetcli-fb,python3-rtslib-fb,dbus-daemon,dbus-system-bus-common,kmod

# Resolved once, as kernels are: a run must not change its tools because unstable moved.
userland_resolve()
{
	local suite=$1 file=$CACHE/resolved/lio-$1 cli lib

	if [ ! -s "$file" ] || [ -n "${REFRESH:-}" ]; then
		need fetch
		lock "resolve-lio-$suite"
		apt_refresh "$suite" "${REFRESH:-}"
		cli=$(candidate "$suite" targetcli-fb)
		lib=$(candidate "$suite" python3-rtslib-fb)
		[[ -n $cli && -n $lib ]] || die "$suite has no targetcli-fb or python3-rtslib-fb"
		echo "${cli#*:}_${lib#*:}" >"$file.new"
		mv "$file.new" "$file"
		unlock "resolve-lio-$suite"
	fi
	cat "$file"
}

make_userland()
{
	local suite=$1 dir=$2 old

	set -e
	for old in "$CACHE/lio/$suite"-*; do
		[ ! -d "$old" ] || rm -rf --one-file-system "$old"
	done
	bootstrap "$suite" "$dir.new" --variant=essential --include="$LIO_PACKAGES"
	mv "$dir.new" "$dir"
}

# userland SUITE: prints the root's path, after making it if need be.
userland()
{
	local suite=$1 versions dir

	versions=$(userland_resolve "$suite")
	dir=$CACHE/lio/$suite-$versions-$(echo "$LIO_PACKAGES" | hash_of)
	if [ ! -d "$dir" ]; then
		need fetch root
		need_root "a root of $suite"
		mkdir -p "$CACHE/lio"
		lock "lio-$suite"
		if [ ! -d "$dir" ]; then
			apt_refresh "$suite"
			run_shown "making the $suite root with targetcli $versions" \
				"$CACHE/log/lio-$suite" 1800 make_userland "$suite" "$dir" >&2
		fi
		unlock "lio-$suite"
	fi
	echo "$dir"
}
