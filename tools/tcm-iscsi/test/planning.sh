# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What diff and restore --dry-run say. The trees are made up, so nothing can be restored
# here: that is tested in the lab (tools/testing/functional/test_save.py).

status=0		# run() leaves it here

# The kernel has the tree `saved` without what was begun; the file begins as its save.
planning_tree() {
	local tpg=$WORK/trees/plain/cfg/target/iscsi/iqn.2026-11.org.test:t1/tpgt_1

	rm -rf "$WORK/trees/plain"
	cp -a "$WORK/trees/saved" "$WORK/trees/plain"
	rm -r "$WORK/trees/plain/cfg/target/core"/{iblock_8,fileio_9} "$tpg/lun/lun_3" \
		"$tpg/acls/iqn.2026-11.org.test:init/lun_9"
	run plan-save plain @both save plan.json
}

# plan NAME STATUS ARGUMENT...: on the tree plain; says what failed
plan() {
	local name=$1 want=$2

	shift 2
	run "plan-$name" plain @both "$@"
	[[ $status == "$want" ]] || echo "$*: exit status $status instead of $want"
}

planning_same() {
	plan same 0 diff plan.json
	[[ $(<"$WORK/out/plan-same.out") == "plan.json: no difference" ]] ||
		cat "$WORK/out/plan-same.out"
	plan same 0 restore --dry-run plan.json
	[[ $(<"$WORK/out/plan-same.out") == "plan.json: 0 steps would be done" ]] ||
		cat "$WORK/out/plan-same.out"
	plan same-json 0 diff plan.json --json
	grep -q '"differences": \[\]' "$WORK/out/plan-same-json.out" || echo "JSON"
}

# Every kind of change, as differences and as steps.
planning_all() {
	cp "$WORK/saved/plan.json" "$WORK/saved/all.json"
	edit all '
d["fabric_modules"] = []
s = {e["name"]: e for e in d["storage_objects"]}
s["f0"]["attributes"]["block_size"] = 4096
s["f0"]["alua_tpgs"][0]["preferred"] = 0
s["f0"]["alua_tpgs"][1]["name"] = "south"
s["f0"]["alua_tpgs"].append({"name": "west", "tg_pt_gp_id": 3, "alua_access_type": 1})
s["ram"]["size"] *= 2
s["img"]["config"] = "rbd/pool/other"
d["storage_objects"].remove(s["async"])
d["storage_objects"].append({"plugin": "ramdisk", "name": "new", "size": 5000, "wwn": "n"})
t = d["targets"][0]; t["parameters"]["cmd_completion_affinity"] = "-2"
g = t["tpgs"][0]; g["enable"] = False
g["attributes"].update(generate_node_acls=1, authentication=0)
g["chap_userid"], g["chap_password"] = "x", "never-print-this-secret"
g["luns"][0].update(storage_object="/backstores/ramdisk/new", alua_tg_pt_gp_name=None)
g["luns"].append({"index": 11, "storage_object": "/backstores/ramdisk/ram"})
g["portals"][1]["iser"] = False
g["portals"][0]["port"] = 3266
a = g["node_acls"][0]; a["tag"] = "shelf"; a["tcq_depth"] = 17; a["chap_password"] += "2"
a["mapped_luns"][1].update(write_protect=False)
a["mapped_luns"].append({"index": 6, "tpg_lun": 11})
g["node_acls"].append({"node_wwn": "iqn.2026-11.org.test:more", "attributes":
 {"authentication": 0}, "mapped_luns": []})
t["tpgs"].pop()
d["targets"].pop()
d["targets"].append({"wwn": "iqn.2026-11.org.test:t3", "fabric": "iscsi", "tpgs": [{"tag": 5}]})'
	plan all 9 diff all.json
	diff -u "$EXPECT/plan-diff.out" "$WORK/out/plan-all.out"
	plan steps 0 restore --dry-run all.json
	diff -u "$EXPECT/plan-steps.out" "$WORK/out/plan-steps.out"
	plan target 9 diff --target iqn.2026-11.org.test:t3 all.json
	diff -u - "$WORK/out/plan-target.out" <<-'OUT'
		all.json: 2 differences
		+ iqn.2026-11.org.test:t3
		+ iqn.2026-11.org.test:t3 tpgt_5
	OUT
	plan target 0 restore --dry-run --target iqn.2026-11.org.test:t3 all.json
	diff -u - "$WORK/out/plan-target.out" <<-'OUT'
		all.json: 3 steps would be done
		mkdir iscsi/iqn.2026-11.org.test:t3
		mkdir iscsi/iqn.2026-11.org.test:t3/tpgt_5
		set iscsi/iqn.2026-11.org.test:t3/tpgt_5/enable to 1
	OUT
	plan target 5 diff --target iqn.2026-11.org.test:typo all.json
	grep -qx 'tcm-iscsi: iqn.2026-11.org.test:typo: is neither in the file nor in the kernel' \
		"$WORK/out/plan-target.err" || echo "a target that is nowhere"
	plan target 5 restore --target iqn.2026-11.org.test:t2 all.json
	grep -q 'has no target iqn.2026-11.org.test:t2' "$WORK/out/plan-target.err" || echo "target"
}

# With the state of a group the kernel changes its status.
planning_state() {
	cp "$WORK/saved/plan.json" "$WORK/saved/state.json"
	edit state '
s = {e["name"]: e for e in d["storage_objects"]}
s["f0"]["alua_tpgs"][1]["alua_access_state"] ^= 1'
	plan state 9 diff state.json
	[[ $(wc -l <"$WORK/out/plan-state.out") == 2 ]] || cat "$WORK/out/plan-state.out"
	plan state 0 restore --dry-run state.json
	sed -E '1d; s|core/.*/||; s/[0-9]+/N/' "$WORK/out/plan-state.out" |
		diff -u - <(printf '%s\n' 'set alua_access_state to N' 'write N to alua_access_status')
}

# The device of one backstore for another: first it goes, then the other comes.
planning_taken_over() {
	cp "$WORK/saved/plan.json" "$WORK/saved/taken.json"
	edit taken '
s = {e["name"]: e for e in d["storage_objects"]}
s["disk"]["name"], s["disk"]["dev"] = "again", "/proc/self/cwd/disk.img"
s["disk"]["plugin"], s["disk"]["size"] = "fileio", 4096
d["targets"][0]["tpgs"][0]["luns"][1]["storage_object"] = "/backstores/fileio/again"'
	sed -i 's|/dev/vg/disk|/proc/self/cwd/disk.img|' \
		"$WORK/trees/plain/cfg/target/core/iblock_1/disk/udev_path"
	plan taken 0 restore --dry-run taken.json
	grep -n 'rmdir core/iblock_1/disk\|mkdir core/fileio_5/again' "$WORK/out/plan-taken.out" |
		sed 's/^[0-9]*://' | diff -u - <(printf '%s\n' 'rmdir core/iblock_1/disk' \
			'mkdir core/fileio_5/again')
	planning_tree
}

# With errors in the file, or without one, nothing is compared.
planning_refused() {
	plan refused 5 diff none.json
	grep -q 'none.json: error: does not exist' "$WORK/out/plan-refused.err" || echo "none"
	printf '{' >"$WORK/saved/bad.json"
	plan refused 5 restore bad.json
	grep -q 'bad.json:1:2: error' "$WORK/out/plan-refused.err" || echo "bad"
	grep -q 'refused, nothing was changed' "$WORK/out/plan-refused.out" || echo "said"
	run plan-unread holes @both diff plan.json
	[[ $status == 3 ]] || echo "a tree that cannot be read: $status"
	run plan-unread holes @both restore plan.json
	[[ $status == 3 ]] || echo "a tree that cannot be read: $status"
}

planning() {
	local name

	planning_tree
	for name in same all state taken_over refused; do
		"planning_$name" >"$WORK/diff" 2>&1
		[[ ! -s $WORK/diff ]]
		report $? "plan-$name" "$WORK/diff"
	done
}
