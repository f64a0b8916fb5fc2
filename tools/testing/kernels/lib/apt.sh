# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # its globals are for who sources it
# Packages of any suite, without touching the host's apt configuration: a
# private set of lists per suite, at whatever mirror the host itself uses.

# Prints "URI SUITE" for every enabled binary source of component main, from
# one-line files and from deb822 stanzas.
host_sources()
{
	local file

	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ ! -f "$file" ] || awk '
			$1 == "deb" {
				sub(/^[ \t]*deb[ \t]+/, "")
				sub(/^\[[^]]*\][ \t]*/, "")
				if ($0 ~ /[ \t]main([ \t]|$)/) print $1, $2
			}' "$file"
	done
	for file in /etc/apt/sources.list.d/*.sources; do
		[ ! -f "$file" ] || awk '
			function flush_stanza(   i, j, nu, ns, u, s) {
				if (on && (" " comps " ") ~ / main / && (" " types " ") ~ / deb /) {
					nu = split(uris, u, " "); ns = split(suites, s, " ")
					for (i = 1; i <= nu; i++)
						for (j = 1; j <= ns; j++) print u[i], s[j]
				}
				uris = suites = comps = types = field = ""; on = 1
			}
			BEGIN { on = 1 }
			/^#/ { next }
			/^[ \t]*$/ { flush_stanza(); next }
			/^[^ \t]/ { field = tolower($1); sub(/:.*/, "", field); sub(/^[^:]*:/, "") }
			field == "uris" { uris = uris " " $0 }
			field == "suites" { suites = suites " " $0 }
			field == "components" { comps = comps " " $0 }
			field == "types" { types = types " " $0 }
			field == "enabled" && tolower($0) ~ /no|false/ { on = 0 }
			END { flush_stanza() }' "$file"
	done
}

# The archive is whatever serves the host's own release; changing the suite in
# such a line is all it takes to reach the others.
mirror_of()
{
	local kind=$1 codename

	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	case $kind in
	archive) host_sources | awk -v s="$codename" '$2 == s { print $1; exit }' ;;
	security) host_sources | awk '$2 ~ /(-security|\/updates)$/ { print $1; exit }' ;;
	esac
}

write_sources()
{
	local suite=$1 archive security key=/usr/share/keyrings/debian-archive-keyring.gpg

	archive=${TISCSI_MIRROR:-$(mirror_of archive)}
	security=$(mirror_of security)
	[ -n "$archive" ] ||
		die "found no Debian mirror in /etc/apt; name one with TISCSI_MIRROR=URI"
	[ -e "$key" ] || die "$key is missing; install debian-archive-keyring"
	echo "deb [signed-by=$key] $archive $suite main"
	[ "$suite" = unstable ] || [ -z "$security" ] ||
		echo "deb [signed-by=$key] $security $suite-security main"
}

# apt_in SUITE PROGRAM ARG…
apt_in()
{
	local suite=$1 program=$2 state=$CACHE/apt/$1
	shift 2

	"$program" -o Dir::Etc::sourcelist="$state/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::State::Lists="$state/lists" -o Dir::Cache="$state/cache" \
		-o Acquire::Languages=none -o Acquire::Retries=3 \
		-o Acquire::http::Timeout=60 -o Acquire::Check-Valid-Until=false \
		-o APT::Sandbox::User=root "$@"
}

# Lists younger than a day are good enough to resolve a name and to download:
# a mirror keeps a superseded package at least that long.
apt_refresh()
{
	local suite=$1 state=$CACHE/apt/$1

	if [ -z "${2:-}" ] && [ -n "$(find "$state/stamp" -mmin -1440 2>/dev/null)" ]; then
		return 0
	fi
	mkdir -p "$state"/lists/partial "$state"/cache/archives/partial
	write_sources "$suite" >"$state/sources.list"
	run_shown "reading package lists of $suite" "$CACHE/log/apt-$suite" 600 \
		apt_in "$suite" apt-get update --error-on=any
	touch "$state/stamp"
}

candidate()
{
	apt_in "$1" apt-cache policy "$2" | awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }'
}

# depends SUITE PACKAGE REGEX: the first dependency whose name matches.
depends()
{
	apt_in "$1" apt-cache depends "$2" |
		awk -v re="$3" '/Depends:/ && $NF ~ re { print $NF; exit }'
}

# unpack SUITE DIR PACKAGE…: into DIR, as they are, without dpkg's knowledge.
# tar arguments in UNPACK_ARGS trim what nobody here reads.
unpack()
{
	local suite=$1 dir=$2 deb=$CACHE/deb/$BASHPID package
	shift 2

	mkdir -p "$deb" "$dir"
	(cd "$deb" && apt_in "$suite" apt-get download "$@") || return 1
	for package in "$deb"/*.deb; do
		dpkg-deb --fsys-tarfile "$package" |
			tar -x -C "$dir" --keep-directory-symlink "${UNPACK_ARGS[@]}" || return 1
	done
	rm -r "$deb"
}
UNPACK_ARGS=()

# bootstrap SUITE DIR OPTION…: a root of that suite, without what nobody reads in one.
# A mirror that lags serves unstable past its Valid-Until.
bootstrap()
{
	local suite=$1 dir=$2
	shift 2

	mmdebstrap --quiet "$@" \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--aptopt='Acquire::Languages "none"' \
		--dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		"$suite" "$dir" "$CACHE/apt/$suite/sources.list"
}
