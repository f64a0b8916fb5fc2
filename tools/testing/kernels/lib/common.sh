# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # its globals are for who sources it
# What every script of the lab shares: the cache, locks, packages, progress.

KERNELS_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
TREE=$(cd "$KERNELS_DIR/../../.." && pwd -P)
CACHE=${TISCSI_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/tcm_iscsi}
JOBS=${TISCSI_JOBS:-$(nproc)}

# shellcheck source=tools/testing/kernels/versions
. "$KERNELS_DIR/versions"

# 122: the lab itself could not do its work; 125: the kernel under test failed.
# A command's own status passes through, so both lie where commands rarely go.
STATUS_LAB=122
STATUS_KERNEL=125

PROGRAM=${0##*/}

say()
{
	printf '%s: %s\n' "$PROGRAM" "$*" >&2
}

die()
{
	say "$*"
	exit "$STATUS_LAB"
}

# --- what must not outlive us ------------------------------------------------

declare -A LOCK_FD=()
SHOWN_GROUP=
CLEANUPS=()

on_exit()
{
	local status=$? step

	trap - EXIT INT TERM HUP
	set +e
	[ -z "$SHOWN_GROUP" ] || kill -TERM -- "-$SHOWN_GROUP" 2>/dev/null
	for step in "${CLEANUPS[@]}"; do
		"$step"
	done
	exit "$status"
}

trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- cache and locks ---------------------------------------------------------

cache_init()
{
	mkdir -p "$CACHE"/{lock,log,apt,deb,src,uml,stock,root,tree,resolved} ||
		die "cannot create the cache $CACHE; set TISCSI_CACHE to a writable directory"
}

# Locks are file descriptors: the kernel drops them however we die, so there is
# no stale lock to remove by hand. The bound is longer than the slowest build.
lock()
{
	local name=$1 fd

	exec {fd}>"$CACHE/lock/$name"
	if ! flock -w 3 "$fd"; then
		say "waiting for another run that holds '$name'"
		flock -w 5400 "$fd" || die "lock $CACHE/lock/$name still held after 90 minutes"
	fi
	LOCK_FD[$name]=$fd
}

unlock()
{
	local fd=${LOCK_FD[$1]}

	exec {fd}>&-
	unset "LOCK_FD[$1]"
}

# --- progress ----------------------------------------------------------------

elapsed()
{
	printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

# run_shown TITLE LOG SECONDS COMMAND…: output goes to LOG, what is going on and
# for how long to stderr. The command gets a process group of its own so that
# one signal from on_exit ends a whole make.
run_shown()
{
	local title=$1 log=$2 limit=$3 start=$SECONDS status=0 every=20 shown=0
	shift 3

	[ ! -t 2 ] || every=1
	set -m
	("$@") >"$log" 2>&1 </dev/null &
	SHOWN_GROUP=$!
	set +m
	while kill -0 "$SHOWN_GROUP" 2>/dev/null; do
		if [ $((SECONDS - start)) -ge "$limit" ]; then
			say "$title: no result after $(elapsed "$limit"), stopped"
			kill -TERM -- "-$SHOWN_GROUP" 2>/dev/null || true
			break
		fi
		if [ $((SECONDS - start - shown)) -ge "$every" ]; then
			shown=$((SECONDS - start))
			if [ -t 2 ]; then
				printf '\r%s: %s … ' "$title" "$(elapsed $shown)" >&2
			else
				say "$title: $(elapsed $shown) …"
			fi
		fi
		sleep 0.1
	done
	wait "$SHOWN_GROUP" || status=$?
	SHOWN_GROUP=
	[ ! -t 2 ] || [ "$shown" -eq 0 ] || echo >&2
	if [ "$status" -ne 0 ]; then
		tail -n 30 "$log" >&2
		die "$title failed (status $status); the whole log is $log"
	fi
	[ "$shown" -eq 0 ] || say "$title: done in $(elapsed $((SECONDS - start)))"
}

# --- packages ----------------------------------------------------------------

packages_for()
{
	case $1 in
	fetch) echo ca-certificates dpkg xz-utils ;;
	module) echo gcc make rsync kmod libc6-dev libelf-dev ;;
	uml) echo flex bison bc cpio libssl-dev xz-utils ;;
	root) echo mmdebstrap ;;
	qemu) echo qemu-system-x86 cpio xz-utils ;;
	guest) echo busybox-static iproute2 util-linux procps open-iscsi e2fsprogs ;;
	tests) echo fio libiscsi-bin qemu-utils qemu-block-extra sg3-utils \
		libjansson-dev libnl-genl-3-dev pkg-config tgt python3-rtslib-fb systemd ;;
	image) echo mmdebstrap qemu-system-x86 e2fsprogs openssl util-linux ;;
	agents) echo targetcli-fb dbus-daemon dbus-system-bus-common gawk bc libglib2.0-0 \
		libkmod2 libnl-genl-3-200 ;;
	static) echo sparse shellcheck perl ;;
	fuzz)
		echo make gcc libc6-dev clang libclang-rt-14-dev libjansson-dev \
			libnl-genl-3-dev pkg-config ;;
	boot) echo qemu-system-x86 ipxe-qemu syslinux syslinux-common mtools dosfstools cpio ;;
	switch) echo python3-rtslib-fb ;;
	*) die "no package list for '$1'" ;;
	esac
}

missing_packages()
{
	local package installed

	# shellcheck disable=SC2016 # expanded by dpkg-query
	installed=$(dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' "$@" 2>/dev/null) || true
	for package in "$@"; do
		grep -qE "^$package ii" <<<"$installed" || echo "$package"
	done
}

# A package that starts its daemon while the host only wants its programs would
# change the host; policy-rc.d is Debian's switch for that.
POLICY=/usr/sbin/policy-rc.d
POLICY_OURS=

drop_policy()
{
	[ -z "$POLICY_OURS" ] || rm -f "$POLICY"
	POLICY_OURS=
}
CLEANUPS+=(drop_policy)

install_packages()
{
	export DEBIAN_FRONTEND=noninteractive
	apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "$@" && return
	apt-get -o DPkg::Lock::Timeout=600 update
	apt-get -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "$@"
}

need()
{
	local purpose want missing

	want=$(for purpose in "$@"; do packages_for "$purpose"; done)
	# shellcheck disable=SC2086 # a list of words is what it is
	missing=$(missing_packages $want)
	[ -n "$missing" ] || return 0
	[ "$(id -u)" -eq 0 ] ||
		die "missing packages: ${missing//$'\n'/ }; install them or run as root"
	lock packages
	# shellcheck disable=SC2086
	missing=$(missing_packages $want)
	if [ -n "$missing" ]; then
		say "installing packages for $*: ${missing//$'\n'/ }"
		if [ ! -e "$POLICY" ]; then
			POLICY_OURS=1
			printf '#!/bin/sh\nexit 101\n' >"$POLICY"
			chmod 755 "$POLICY"
		fi
		# shellcheck disable=SC2086
		run_shown "installing packages" "$CACHE/log/packages" 1200 install_packages $missing
		drop_policy
	fi
	unlock packages
}

# --- small things ------------------------------------------------------------

# line_of 6.12.117-1 -> 6.12
line_of()
{
	local major=${1%%.*} rest=${1#*.}

	echo "$major.${rest%%[!0-9]*}"
}

newer_than_supported()
{
	local line newest

	line=$(line_of "$1")
	newest=$(printf '%s\n%s\n' "$line" "$NEWEST_SUPPORTED" | sort -V | tail -n 1)
	[ "$line" != "$NEWEST_SUPPORTED" ] && [ "$newest" = "$line" ]
}

hash_of()
{
	sha256sum | cut -c 1-10
}

need_root()
{
	[ "$(id -u)" -eq 0 ] || die "$1 needs root: the guest's root file system is this host's"
}
