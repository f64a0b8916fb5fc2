# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What a save writes, keeps, refuses and leaves behind, on made-up trees.

status=0		# run() leaves it here

# save NAME STATUS ARGUMENT...: into saved/NAME.json; says what failed into saving.why
save() {
	local name=$1 want=$2

	shift 2
	run "save-${name##*/}" saved @both save "$name.json" "$@"
	[[ $status == "$want" ]] || echo "save $name: exit status $status instead of $want"
	cat "$WORK/out/save-${name##*/}.err"
}

# edit NAME PYTHON: the document in saved/NAME.json as `d`
edit() {
	python3 -c '
import json, os, sys
path, code = sys.argv[1:]
d = json.load(open(path))
exec(code)
json.dump(d, open(path, "w"))' "$WORK/saved/$1.json" "$2"
}

# has NAME PYTHON: an expression that has to hold
has() {
	python3 -c '
import json, sys
path, code = sys.argv[1:]
d = json.load(open(path))
sys.exit(not eval(code))' "$WORK/saved/$1.json" "$2" || echo "not so: $2"
}

# said NAME TEXT: in what save NAME printed
said() {
	cat "$WORK/out/save-$1.out" "$WORK/out/save-$1.err" | grep -qF -- "$2" || {
		echo "not said: $2"
		cat "$WORK/out/save-$1.out" "$WORK/out/save-$1.err"
	}
}

# saving_case NAME: the function saving_NAME may print nothing
saving_case() {
	"saving_$1" >"$WORK/diff" 2>&1
	[[ ! -s $WORK/diff ]]
	report $? "save-$1" "$WORK/diff"
}

# The document is that which rtslib would write, but for the two differences that
# snapshot.c names; the mode does not depend on umask, and nothing else is left.
saving_new() {
	local old

	mkdir "$WORK/saved/new.d"
	old=$(umask)
	umask 0
	save new.d/new 0
	umask "$old"
	diff -u "$EXPECT/save.json" "$WORK/saved/new.d/new.json"
	[[ $(stat -c %a "$WORK/saved/new.d/new.json") == 600 ]] || echo "mode"
	[[ $(ls -A "$WORK/saved/new.d") == new.json ]] || ls -A "$WORK/saved/new.d"
	said new "new.json: saved, 6 backstores, 2 targets"
	said new "1 targets of other fabrics are not saved"
	save new.d/new 0
	said new "new.json: is up to date"
	[[ $(ls -A "$WORK/saved/new.d") == new.json ]] || ls -A "$WORK/saved/new.d"
}

# NAME.1 is what NAME was, .2 what that was, and there are ten at most.
saving_backups() {
	local i

	save backups 0
	for i in {1..12}; do
		edit backups "d['round'] = $i"
		edit backups "d['storage_objects'].reverse(); d['storage_objects'][0]['size'] = $i"
		cp "$WORK/saved/backups.json" "$WORK/saved/was.$i"
		save backups 0
	done
	cmp "$WORK/saved/was.12" "$WORK/saved/backups.json.1"
	cmp "$WORK/saved/was.3" "$WORK/saved/backups.json.10"
	[[ ! -e $WORK/saved/backups.json.11 ]] || echo "an eleventh backup"
	[[ $(find "$WORK/saved" -name '.backups*' | wc -l) == 0 ]] || echo "strays"
	has backups "d['round'] == 12"
}

# What only the file knows stays where it was.
saving_keeps() {
	save keeps 0
	edit keeps '
d["note"] = {"by": "somebody"}
d["storage_objects"][0]["comment"] = [1, 2.5, None]
d["storage_objects"][0]["attributes"]["of_another_kernel"] = 7
t = d["targets"][0]; t["x"] = 1
g = t["tpgs"][0]; g["y"] = {}; g["attributes"]["netif_timeout"] = 2
g["parameters"]["New"] = "Yes"; g["luns"][0]["z"] = 1; g["portals"][0]["w"] = 1
g["node_acls"][0]["v"] = "ä"; g["node_acls"][0]["mapped_luns"][0]["u"] = 1
d["targets"].insert(0, {"wwn": "naa.5001405", "fabric": "loopback", "tpgs": [{"tag": 1}]})
d["fabric_modules"].append({"name": "qla2xxx", "discovery_userid": "a"})
d["targets"].reverse()'
	cp "$WORK/saved/keeps.json" "$WORK/saved/kept.json"
	save keeps 0
	python3 -c '
import json, sys
one, two = (json.load(open(path)) for path in sys.argv[1:])
for d in (one, two):
    for entries in (d["targets"], d["fabric_modules"]):
        entries.sort(key=lambda e: e.get("wwn", e.get("name")))
if one != two:
    print(json.dumps(one, indent=1, sort_keys=True))
    print(json.dumps(two, indent=1, sort_keys=True))' "$WORK/saved/kept.json" "$WORK/saved/keeps.json"
}

# More in the file than in the kernel: refused and named, nothing touched; --force.
saving_more() {
	save more 0
	edit more '
s = d["storage_objects"]
s.append({"name": "gone", "plugin": "ramdisk", "size": 4096, "wwn": "g"})
g = d["targets"][0]["tpgs"][0]
g["luns"].append({"index": 77, "storage_object": "/backstores/ramdisk/gone"})
g["portals"].append({"ip_address": "0.0.0.0", "port": 9})
g["node_acls"].append({"node_wwn": "iqn.2026-11.org.test:gone"})
g["node_acls"][0]["mapped_luns"].append({"index": 78, "tpg_lun": 0})
g["chap_userid"], g["chap_password"] = "a", "a-secret-of-the-group"
d["targets"][0]["tpgs"].append({"tag": 4})
d["targets"].append({"wwn": "iqn.2026-11.org.test:gone", "fabric": "iscsi"})'
	cp "$WORK/saved/more.json" "$WORK/saved/before"
	save more 5 | grep -v 'holds more than the kernel'
	cmp "$WORK/saved/before" "$WORK/saved/more.json"
	[[ ! -e $WORK/saved/more.json.1 ]] || echo "a backup"
	for line in "backstore ramdisk/gone" "target iqn.2026-11.org.test:gone" \
		"target iqn.2026-11.org.test:t1 tpgt_4" \
		"target iqn.2026-11.org.test:t1 tpgt_1 lun_77" \
		"target iqn.2026-11.org.test:t1 tpgt_1 portal 0.0.0.0:9" \
		"target iqn.2026-11.org.test:t1 tpgt_1 chap_password" \
		"target iqn.2026-11.org.test:t1 tpgt_1 ACL iqn.2026-11.org.test:gone" \
		"target iqn.2026-11.org.test:t1 tpgt_1 ACL iqn.2026-11.org.test:init lun_78"; do
		grep -qxF "only in the file: $line" "$WORK/out/save-more.out" || echo "no: $line"
	done
	[[ $(grep -c '^only in the file' "$WORK/out/save-more.out") == 8 ]] ||
		cat "$WORK/out/save-more.out"
	save more 0 --force
	said more "no longer in the file: backstore ramdisk/gone"
	cmp "$WORK/saved/before" "$WORK/saved/more.json.1"
	diff -u "$EXPECT/save.json" "$WORK/saved/more.json"
}

# A backstore whose device is not there waits in the file, with all that is made of it.
saving_pending() {
	save pending 0
	edit pending '
d["storage_objects"].insert(1, {"name": "late", "plugin": "block", "dev": "/dev/not/there",
 "wwn": "l", "unknown": 1})
g = d["targets"][0]["tpgs"][0]
g["luns"].append({"index": 77, "storage_object": "/backstores/block/late"})
g["node_acls"][0]["mapped_luns"].append({"index": 78, "tpg_lun": 77, "write_protect": True})'
	cp "$WORK/saved/pending.json" "$WORK/saved/before"
	save pending 0
	said pending "pending, and kept in the file: backstore block/late"
	said pending "pending, and kept in the file: target iqn.2026-11.org.test:t1 tpgt_1 lun_77"
	has pending 'd["storage_objects"][1]["unknown"] == 1'
	has pending 'd["targets"][0]["tpgs"][0]["luns"][-1]["index"] == 77'
	has pending 'd["targets"][0]["tpgs"][0]["node_acls"][0]["mapped_luns"][-1]["index"] == 78'
	# With the device there, and no backstore for it, it is more than the kernel has.
	edit pending 'd["storage_objects"][1].update(plugin="fileio", dev="/proc/self/cwd/disk.img",
 size=1)
d["targets"][0]["tpgs"][0]["luns"][-1]["storage_object"] = "/backstores/fileio/late"'
	save pending 5 | grep -v 'holds more'
	said pending "only in the file: backstore fileio/late"
}

# One target and what it is made of; all else in the file stays as it is.
saving_target() {
	save target 5 --target iqn.2026-11.org.test:none | grep -v 'neither in the kernel'
	[[ ! -e $WORK/saved/target.json ]] || echo "a file"
	save target 0 --target iqn.2026-11.org.test:t1
	has target '[s["name"] for s in d["storage_objects"]] == ["f0", "disk"]'
	has target '[t["wwn"] for t in d["targets"]] == ["iqn.2026-11.org.test:t1"]'
	has target 'd["fabric_modules"] == []'
	edit target '
d["storage_objects"].append({"name": "other", "plugin": "ramdisk", "size": 1, "wwn": "o"})
d["targets"].append({"wwn": "iqn.2026-11.org.test:other", "fabric": "iscsi", "tpgs": []})
d["targets"][0]["tpgs"][0]["enable"] = False'
	save target 0 --target iqn.2026-11.org.test:t1
	has target 'len(d["storage_objects"]) == 3 and len(d["targets"]) == 2'
	has target 'd["targets"][0]["tpgs"][0]["enable"]'
}

# A file that cannot be understood is not written over, unless that is asked for.
saving_broken() {
	printf '{"targets": [' >"$WORK/saved/broken.json"
	save broken 5 | grep -v 'broken.json'
	said broken "broken.json:1:14: error: "
	[[ $(<"$WORK/saved/broken.json") == '{"targets": [' ]] || echo "written over"
	save broken 0 --force
	[[ $(<"$WORK/saved/broken.json.1") == '{"targets": [' ]] || echo "no backup"
	diff -u "$EXPECT/save.json" "$WORK/saved/broken.json"
}

# Of a tree that cannot be read as a whole, nothing is saved.
saving_unreadable() {
	cp -a "$WORK/trees/saved" "$WORK/trees/holes"
	rm "$WORK/trees/holes/cfg/target/core/fileio_0/f0/info" \
		"$WORK/trees/holes/cfg/target/iscsi/iqn.2026-11.org.test:t1/tpgt_1/enable"
	run save-unreadable holes @both save unreadable.json --force
	[[ $status == 3 && ! -e $WORK/saved/unreadable.json ]] || echo "status $status"
	grep -q 'core/fileio_0/f0/info: cannot be read' "$WORK/out/save-unreadable.err" ||
		cat "$WORK/out/save-unreadable.err"
	grep -q 'tpgt_1/enable: cannot be read' "$WORK/out/save-unreadable.err" ||
		cat "$WORK/out/save-unreadable.err"
	run save-unreadable none @both save unreadable.json
	[[ $status == 5 && ! -e $WORK/saved/unreadable.json ]] || echo "status $status"
}

# A link stays one, what a killed save left is removed, others' files are not.
saving_link() {
	mkdir "$WORK/saved/link.d"
	echo '{}' >"$WORK/saved/link.d/real.json"
	echo x >"$WORK/saved/link.d/.real.json.abc123"
	echo x >"$WORK/saved/link.d/.real.json.other-one"
	ln -s link.d/real.json "$WORK/saved/link.json"
	save link 0
	[[ -L $WORK/saved/link.json ]] || echo "no link"
	diff -u "$EXPECT/save.json" "$WORK/saved/link.d/real.json"
	[[ $(find "$WORK/saved/link.d" -name '.*' -type f) == *other-one ]] ||
		ls -A "$WORK/saved/link.d"
}

# The disk is full, as far as the program can tell: the old file stays, nothing is left.
saving_full() {
	mkdir "$WORK/saved/full.d"
	echo '{}' >"$WORK/saved/full.d/full.json"
	(
		trap '' XFSZ
		ulimit -f 1
		exec "$TOOL" --configfs "$WORK/trees/saved/cfg" save "$WORK/saved/full.d/full.json"
	) >"$WORK/out/save-full.out" 2>"$WORK/out/save-full.err"
	[[ $? == 4 ]] || echo "exit status"
	grep -q 'cannot be written' "$WORK/out/save-full.err" || cat "$WORK/out/save-full.err"
	[[ $(<"$WORK/saved/full.d/full.json") == '{}' ]] || echo "not the old file"
	[[ $(ls -A "$WORK/saved/full.d") == full.json ]] || ls -A "$WORK/saved/full.d"
}

# Somebody else is at it: wait some seconds, then say who.
saving_locked() {
	exec 9<"$WORK/trees/saved/cfg/target"
	flock 9
	save locked 5 | grep -v 'is being changed by'
	exec 9<&-
	[[ ! -e $WORK/saved/locked.json ]] || echo "saved"
	grep -q 'is being changed by process [0-9]' "$WORK/out/save-locked.err" ||
		cat "$WORK/out/save-locked.err"
}

# Killed at any moment, the file is one of the two, and the next save works.
saving_killed() {
	local i pid name=$WORK/saved/killed.d/killed.json one two

	mkdir "$WORK/saved/killed.d"
	save killed.d/killed 0
	one=$(sha256sum <"$name")
	edit killed.d/killed 'd["targets"].reverse(); d["note"] = 1'
	cp "$name" "$WORK/saved/other"
	two=$(sha256sum <"$name")
	"$TOOL" --configfs "$WORK/trees/saved/cfg" save "$name" >/dev/null 2>&1
	one+=$'\n'$(sha256sum <"$name")
	for ((i = 0; i < 60; i++)); do
		cp "$WORK/saved/other" "$name"
		"$TOOL" --configfs "$WORK/trees/saved/cfg" save "$name" >/dev/null 2>&1 &
		pid=$!
		sleep "0.$(printf '%03d' $((i * 3)))"
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
		grep -qF "$(sha256sum <"$name")" <<<"$one"$'\n'"$two" || echo "neither, round $i"
	done
	save killed.d/killed 0
	[[ $(find "$WORK/saved/killed.d" -name '.*' -type f | wc -l) == 0 ]] || echo "strays"
}

# More than one thread reads, and the order is that of the numbers nevertheless.
saving_many() {
	local core=$WORK/trees/many/cfg/target/core i

	cp -a "$WORK/trees/saved" "$WORK/trees/many"
	for ((i = 100; i < 500; i++)); do
		mkdir "$core/fileio_$i"
		cp -a "$core/fileio_0/f0" "$core/fileio_$i/many$i"
	done
	rm "$core/fileio_300/many300/info" "$core/fileio_400/many400/udev_path"
	run save-many many @both save many.json
	[[ $status == 3 && $(grep -c 'cannot be read' "$WORK/out/save-many.err") == 2 ]] ||
		cat "$WORK/out/save-many.err"
	rm -r "$core/fileio_300" "$core/fileio_400"
	run save-many many @both save many.json
	[[ $status == 0 ]] || cat "$WORK/out/save-many.err"
	has many '[s["name"] for s in d["storage_objects"] if s["name"][:4] == "many"] == [
 f"many{i}" for i in range(100, 500) if i not in (300, 400)]'
	rm -r "$WORK/trees/many"
}

saving() {
	local name

	rm -rf "${WORK:?}/saved"
	mkdir "$WORK/saved"
	truncate -s 4096 "$WORK/saved/disk.img"
	for name in new backups keeps more pending target broken unreadable link full locked killed many; do
		saving_case $name
	done
}
