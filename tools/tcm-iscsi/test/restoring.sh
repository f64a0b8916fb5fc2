# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# restore on a made-up kernel (fake.c): there and back, and failing or killed at every
# single system call. The real ones are in tools/testing/functional/test_save.py.

FAKE_WRAP=mkdirat,symlinkat,unlinkat,pwrite

build_fake() {
	make -s -C "$TOOL_DIR" OUT="$WORK/fake" VERSION=0.1.0-test CFLAGS='-O1 -g -Werror' \
		LDFLAGS="-Wl,$(printf -- '--wrap=%s,' ${FAKE_WRAP//,/ })-O1 $WORK/fake/fake.o" \
		"$WORK/fake/tcm-iscsi"
}

# The contents of a tree, without the numbers of HBAs, what only tests have, and what is
# not set.
contents() {
	(cd "$1/cfg/target" && find . \( -type f -o -type l -o -type d \) ! -name '.*' -print0 |
		sort -z | while IFS= read -r -d '' path; do
		if [[ -L $path ]]; then
			echo "$path -> $(readlink "$path" | sed 's|.*/target/||')"
		elif [[ -f $path ]]; then
			echo "$path: $(tr '\n' ' ' <"$path")"
		else
			echo "$path"
		fi
	done) | sed -E 's|core/([a-z_]+)_[0-9]+|core/\1|g' | grep -v ': *$\|: NULL $' | sort
}

# kernel NAME: an empty one
kernel() {
	rm -rf "$WORK/trees/$1"
	mkdir -p "$WORK/trees/$1/cfg/target/core" "$WORK/trees/$1/sys/module"
}

# restore NAME STATUS FILE [ARGUMENT...]: with whatever FAKE_ variables are set
restore() {
	local name=$1 want=$2

	shift 2
	status=0
	(cd "$WORK/saved" && exec "$WORK/fake/tcm-iscsi" --configfs "$WORK/trees/$name/cfg" \
		--sysfs "$WORK/trees/$name/sys" restore "$@") >"$WORK/out/restore.out" \
		2>"$WORK/out/restore.err" || status=$?
	[[ $status == "$want" ]] || {
		echo "restore $*: exit status $status instead of $want"
		cat "$WORK/out/restore.out" "$WORK/out/restore.err"
	}
}

# Two configurations that differ in everything that can be restored here.
restoring_files() {
	cp "$WORK/saved/plan.json" "$WORK/saved/one.json"
	edit one '
s = {e["name"]: e for e in d["storage_objects"]}
d["storage_objects"] = [s["f0"], s["async"], s["ram"], s["img"]]
for e in d["storage_objects"]:
    e.pop("hw_max_sectors", None); e.pop("control", None)
    e["attributes"].pop("alua_support", None)
    e["alua_tpgs"] = [g for g in e["alua_tpgs"] if g["name"] != "default_tg_pt_gp"]
s["f0"].update(dev="/proc/self/cwd/disk.img", size=4096)
s["async"].update(dev="/proc/self/cwd/other.img", size=4096)
g = d["targets"][0]["tpgs"][0]
g["luns"][1]["storage_object"] = "/backstores/fileio/async"
g["luns"][1]["alua_tg_pt_gp_name"] = "default_tg_pt_gp"'
	cp "$WORK/saved/one.json" "$WORK/saved/two.json"
	edit two '
d["fabric_modules"] = []
s = {e["name"]: e for e in d["storage_objects"]}
s["f0"]["attributes"]["block_size"] = 4096
s["f0"]["alua_tpgs"].append(dict(s["f0"]["alua_tpgs"][0], name="south", preferred=0))
s["f0"]["alua_tpgs"][0]["tg_pt_gp_id"] = 18
s["ram"]["size"] *= 2
s["async"]["name"] = "renamed"
d["storage_objects"].append({"plugin": "ramdisk", "name": "new", "size": 5000, "wwn": "n"})
t = d["targets"][0]; g = t["tpgs"][0]; g["enable"] = False
g["attributes"].update(authentication=0, generate_node_acls=1)
g["parameters"]["AuthMethod"] = "CHAP,None"
g["luns"][1].update(index=11, storage_object="/backstores/ramdisk/new")
g["portals"].pop()
a = g["node_acls"][0]; a["tag"] = "shelf"; del a["chap_userid"], a["chap_password"]
a["mapped_luns"] = [{"index": 5, "tpg_lun": 11}]; a["tcq_depth"] = 32
g["node_acls"].append({"node_wwn": "iqn.2026-11.org.test:more", "mapped_luns": []})
t["tpgs"].pop()
d["targets"][1] = {"wwn": "iqn.2026-11.org.test:t3", "fabric": "iscsi", "tpgs": [{"tag": 5}]}'
	cp "$WORK/saved/one.json" "$WORK/saved/late.json"
	edit late 'd["targets"][0]["tpgs"][0]["portals"].append({"ip_address": "0.0.0.0", "port": 3999})'
	cp "$WORK/saved/one.json" "$WORK/saved/refused.json"
	edit refused 'd["targets"][0]["tpgs"][1]["attributes"]["default_cmdsn_depth"] = 64
d["storage_objects"][0]["attributes"].update(block_size=-5, of_another_kernel=1)'
	truncate -s 4096 "$WORK/saved/other.img"
}

# There, nothing to do, over, back, and away: each time as if it had been so ever since.
restoring_there_and_back() {
	local name

	kernel one
	kernel two
	kernel both
	restore one 0 one.json
	restore two 0 two.json
	contents "$WORK/trees/one" >"$WORK/one"
	contents "$WORK/trees/two" >"$WORK/two"
	grep -q 'lun_0/2b1d9dd4c3 -> core/fileio/f0' "$WORK/one" || cat "$WORK/one"
	for name in one one two two one; do
		restore both 0 $name.json
		contents "$WORK/trees/both" | diff -u "$WORK/$name" -
	done
	grep -q 'one.json: restored, ' "$WORK/out/restore.out" || cat "$WORK/out/restore.out"
	restore both 0 one.json
	grep -q 'one.json: is what the kernel has' "$WORK/out/restore.out" ||
		cat "$WORK/out/restore.out"
	printf '{}' >"$WORK/saved/empty.json"
	restore both 0 empty.json
	[[ -z $(find "$WORK/trees/both/cfg/target" -mindepth 3 -name .made) ]] ||
		find "$WORK/trees/both/cfg/target" -mindepth 3 -name .made
}

# What the kernel refuses at a late step, after everything else.
restoring_late() {
	kernel late
	restore late 7 late.json
	grep -q 'np/0.0.0.0:3999: the kernel refused' "$WORK/out/restore.err" ||
		cat "$WORK/out/restore.err"
	[[ -z $(find "$WORK/trees/late/cfg/target" -mindepth 3 -name .made) ]] ||
		find "$WORK/trees/late/cfg/target" -mindepth 3 -name .made
}

# A setting that is refused takes all back; with --force it is left, and said.
restoring_force() {
	kernel force
	restore force 7 refused.json
	restore force 3 refused.json --force
	grep -q 'attrib/block_size to -5: the kernel refused' "$WORK/out/restore.err" ||
		cat "$WORK/out/restore.err"
	grep -q 'of_another_kernel: this kernel has no such setting; left out' \
		"$WORK/out/restore.err" || cat "$WORK/out/restore.err"
	contents "$WORK/trees/force" | diff -u "$WORK/one" -
}

# every KIND FROM TO ROUNDS: for call after call, on a copy of the kernel FROM
every() {
	local kind=$1 from=$2 to=$3 calls step i back=0

	kernel try
	cp -a "$WORK/trees/$from/." "$WORK/trees/try"
	FAKE_COUNT=$WORK/count restore try 0 "$to.json"
	calls=$(<"$WORK/count")
	step=$((calls / $4 + 1))
	for ((i = 1; i <= calls; i += step)); do
		kernel try
		cp -a "$WORK/trees/$from/." "$WORK/trees/try"
		if [[ $kind == fail ]]; then
			FAKE_FAIL=$i restore try 7 "$to.json" | grep -v 'instead of 7\|restored' |
				head -3
			[[ $status == 7 ]] &&
				contents "$WORK/trees/try" | diff -u "$WORK/$from" - | head -5
		elif [[ $kind == term ]]; then
			FAKE_TERM=$i restore try 7 "$to.json" >"$WORK/said"
			if [[ $status == 7 ]]; then
				back=$((back + 1))
				contents "$WORK/trees/try" | diff -u "$WORK/$from" - | head -5
			elif [[ $status == 0 ]]; then
				contents "$WORK/trees/try" | diff -u "$WORK/$to" - | head -5
			else
				cat "$WORK/said"
			fi
		else
			FAKE_KILL=$i restore try 137 "$to.json" 2>/dev/null
			restore try 0 "$to.json"
			contents "$WORK/trees/try" | diff -u "$WORK/$to" - | head -5
		fi
	done
	[[ $calls -gt 20 ]] || echo "only $calls calls"
	[[ $kind != term || $back -ge $(($4 / 2)) ]] || echo "taken back $back times only"
}

# Also a call that may fail is one of them: then the restore goes on, and is right.
restoring_fails() {
	every fail one two 25
	every fail two one 25
}

restoring_killed() {
	every kill one two 15
	every kill two one 15
}

# Asked to end in the midst of it, it takes back what it did, unless that was all.
restoring_ended() {
	every term one two 5
	every term two one 5
}

# clear NAME STATUS [ARGUMENT...]: what was not removed is in clear.left
clear_it() {
	local name=$1 want=$2

	shift 2
	status=0
	timeout 60 "$WORK/fake/tcm-iscsi" --configfs "$WORK/trees/$name/cfg" \
		--sysfs "$WORK/trees/$name/sys" clear "$@" >"$WORK/out/clear.out" \
		2>"$WORK/out/clear.err" || status=$?
	[[ $status == "$want" && ! -s $WORK/out/clear.err ]] || {
		echo "clear $*: exit status $status instead of $want"
		cat "$WORK/out/clear.out" "$WORK/out/clear.err"
	}
	find "$WORK/trees/$name/cfg/target" -mindepth 3 -name .made -printf '%P\n' |
		sed -E 's|core/([a-z_]+)_[0-9]+|core/\1|; s|/\.made$||' | sort >"$WORK/clear.left"
}

# Everything goes; one target goes; what is stuck stays, with what it uses, and is named.
restoring_clear() {
	kernel clear
	restore clear 0 one.json
	clear_it clear 0 --target iqn.2026-11.org.test:t2
	[[ $(grep -c '^iscsi/iqn.2026-11.org.test:t2' "$WORK/clear.left") == 0 &&
		$(grep -c '^iscsi/iqn.2026-11.org.test:t1' "$WORK/clear.left") -gt 5 &&
		$(grep -c '^core' "$WORK/clear.left") -gt 5 ]] || cat "$WORK/clear.left"
	clear_it clear 0
	[[ $(<"$WORK/out/clear.out") == cleared && ! -s $WORK/clear.left ]] ||
		cat "$WORK/out/clear.out" "$WORK/clear.left"
	clear_it clear 0
	kernel none-at-all
	rm -r "$WORK/trees/none-at-all/cfg/target"
	clear_it none-at-all 0 2>/dev/null
	restore clear 0 one.json
	FAKE_STUCK=test:t1/tpgt_1/enable clear_it clear 3 --seconds 6
	diff -u - "$WORK/out/clear.out" <<-'OUT'
		not cleared: 3 objects are left
		left: target iqn.2026-11.org.test:t1: stuck at: set iscsi/iqn.2026-11.org.test:t1/tpgt_1/enable to 0
		left: backstore below core/fileio_0: rmdir core/fileio_0/f0: Device or resource busy
		left: backstore below core/fileio_1: rmdir core/fileio_1/async: Device or resource busy
	OUT
	grep -q 't2' "$WORK/clear.left" && cat "$WORK/clear.left"
	restore clear 0 one.json
	FAKE_STUCK=_ clear_it clear 3 --seconds 1
	[[ $(grep -c ': stuck at: ' "$WORK/out/clear.out") == 7 ]] || cat "$WORK/out/clear.out"
	clear_it clear 0
	[[ ! -s $WORK/clear.left ]] || cat "$WORK/clear.left"
}

restoring() {
	local name

	mkdir -p "$WORK/fake"
	{
		gcc -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-format-truncation -c \
			-o "$WORK/fake/fake.o" "$HERE/fake.c" && build_fake
	} >"$WORK/diff" 2>&1
	report $? build-fake "$WORK/diff"
	restoring_files
	for name in there_and_back late force fails killed ended clear; do
		"restoring_$name" >"$WORK/diff" 2>&1
		[[ ! -s $WORK/diff ]]
		report $? "restore-$name" "$WORK/diff"
	done
}
