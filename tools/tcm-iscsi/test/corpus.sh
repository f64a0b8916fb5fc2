# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Configuration files, and what `check` says about each. Every row is a document and
# the whole of standard error for it, without "tcm-iscsi: FILE". The program runs in
# the folder of the files, where disk.img is; /proc/self/cwd is an absolute path of it.

status=0		# run() leaves it here
arguments=()		# of check, beside the file
D=/proc/self/cwd/disk.img
STORE='{"name": "d", "plugin": "fileio", "dev": "'$D'", "size": 4096, "wwn": "w"}'
RAM='{"name": "r", "plugin": "ramdisk", "size": 4096, "wwn": "v"}'
LUN='{"index": 0, "storage_object": "/backstores/fileio/d"}'
IQN=iqn.2026-11.org.test:t

# doc_stores STORE...: a document with backstores
doc_stores() {
	local IFS=,

	echo "{\"storage_objects\": [$*]}"
}

# doc_tpg MEMBERS: a document with one portal group, that has LUN 0, on its second line
doc_tpg() {
	printf '{"storage_objects": [%s], "targets": [{"fabric": "iscsi", "wwn": "%s", "tpgs": [\n%s]}]}\n' \
		"$STORE" "$IQN" "{\"tag\": 1, \"luns\": [$LUN], $1}"
}

doc_acl() {
	doc_tpg '"node_acls": [
{"node_wwn": "iqn.2026-11.org.test:i", '"$1"'}]'
}

# try NAME STATUS DOCUMENT [LINE...]
try() {
	local name=$1 want=$2 bad=0

	wanted "$name" || return 0
	printf '%s' "$3" >"$WORK/saved/$name.json"
	chmod 600 "$WORK/saved/$name.json"
	shift 3
	for line; do
		printf 'tcm-iscsi: %s.json%s\n' "$name" "$line"
	done >"$WORK/expected"
	run "corpus-$name" none check "${arguments[@]}" "$name.json"
	{
		if [[ $status != "$want" ]]; then
			echo "exit status $status instead of $want"
			bad=1
		fi
		diff -u "$WORK/expected" "$WORK/out/corpus-$name.err" || bad=1
	} >"$WORK/diff" 2>&1
	report $bad "corpus-$name" "$WORK/diff"
}

corpus_json() {
	try empty 5 '' ': error: is empty; it was cut off or never written, see its backups'
	try nothing 0 '{}'
	try blanks 5 $'\n\n  ' ":3:3: error: unexpected token before the end of the file"
	try cut 5 '{"targets": [{"wwn": "a"' ":1:25: error: '}' expected before the end of the file"
	try comma 5 $'{\n\t"targets": [],\n}' ":3:1: error: string or '}' expected"
	try no-comma 5 $'{"targets": []\n "x": 1}' ":2:2: error: '}' expected"
	try word 5 '{"targets": nil}' ":1:13: error: invalid token"
	try zero 5 '{"x": 01}' ":1:7: error: invalid token"
	try single 5 "{'x': 1}" ":1:2: error: string or '}' expected"
	try twice 5 $'{"targets": [],\n "targets": []}' \
		":2:2: error: duplicate object key near '\"targets\"': a key may be there only once"
	try nul 5 '{"x": "a\u0000b"}' \
		':1:7: error: \\u0000 in a text, where no name and no setting may have it'
	try control 5 $'{"x": "a\tb"}' ':1:7: error: control character 0x9'
	try surrogate 5 '{"x": "\ud800"}' ":1:7: error: invalid Unicode '\\\\uD800'"
	try latin1 5 $'{"x": "caf\xe9"}' ':1:7: error: unable to decode byte 0xe9'
	try overlong 5 $'{"x": "\xc0\x80"}' ':1:7: error: unable to decode byte 0xc0'
	try utf8 5 $'{"\xc3\xa4\xe2\x82\xac": "\xf0\x9f\x92\xbe", "targets": 1}' \
		':1:24: error: targets: expected an array, not a number'
	try bom 5 $'\xef\xbb\xbf{}' \
		':1:1: error: a byte-order mark; save the file as UTF-8 without one'
	try number 5 '{"x": 99999999999999999999}' \
		':1:7: error: too big integer; a number has 64 bits at most'
	try behind 5 $'{}\n{}' ':2:1: error: end of file expected'
	try scalar 5 '1' ':1:1: error: expected an object, not a number'
	try array 5 '[]' ':1:1: error: expected an object, not an array'
	try deep 5 "$(printf '[%.0s' {1..5000})" \
		':1:2049: error: nested too deeply; a configuration has 8 levels'
	try unknown 0 '{"x": {"y": [null, 1.5, true]}, "targets": null}'
}

corpus_types() {
	try text-type 5 "$(doc_stores '{"name": 1, "plugin": "ramdisk", "size": 1}')" \
		':1:31: error: storage_objects[0].name: expected a text, not a number'
	try missing 5 "$(doc_stores '{"plugin": "ramdisk"}' '{}')" \
		":1:22: error: storage_objects[0]: 'name' is missing" \
		":1:44: error: storage_objects[1]: 'name' is missing" \
		":1:44: error: storage_objects[1]: 'plugin' is missing"
	try fraction 5 "$(doc_stores '{"name": "a", "plugin": "ramdisk", "size": 1.5}')" \
		':1:65: error: storage_objects[0].size: expected a number, not a number with a fraction'
	try bool-type 5 "$(doc_tpg '"enable": "yes"')" \
		':2:88: error: targets[0].tpgs[0].enable: expected true or false, not a text'
	try bool-number 0 "$(doc_tpg '"enable": 1')"
	try bool-two 5 "$(doc_tpg '"enable": 2')" \
		':2:88: error: targets[0].tpgs[0].enable: expected true or false, not a number'
	try objects 5 "$(doc_tpg '"portals": {}')" \
		':2:89: error: targets[0].tpgs[0].portals: expected an array, not an object'
	try object 5 "$(doc_tpg '"portals": [[]]')" \
		':2:90: error: targets[0].tpgs[0].portals[0]: expected an object, not an array'
	try settings 5 "$(doc_tpg '"attributes": {"authentication": [], "../enable": 1}')" \
		':2:111: error: targets[0].tpgs[0].attributes.authentication: expected a number or a text, not an array' \
		':2:128: error: targets[0].tpgs[0].attributes.../enable: is no name of a setting'
	try tag-range 5 '{"targets": [{"fabric": "iscsi", "wwn": "a", "tpgs": [{"tag": 65536}]}]}' \
		':1:63: error: targets[0].tpgs[0].tag: expected a number from 0 to 65535, not 65536'
	try name-slash 5 "$(doc_stores "${RAM/\"r\"/\"a/b\"}")" \
		":1:31: error: storage_objects[0].name: is no name: it must not be empty, '.' or '..', or hold a '/'"
	try name-dots 5 '{"targets": [{"fabric": "iscsi", "wwn": ".."}]}' \
		":1:41: error: targets[0].wwn: is no name: it must not be empty, '.' or '..', or hold a '/'"
	try name-long 5 "$(doc_stores "${RAM/\"r\"/\"$(printf 'n%.0s' {1..256})\"}")" \
		':1:31: error: storage_objects[0].name: has 256 bytes, 255 are allowed'
	try escaped-key 5 '{"t\u0061rgets": 1}' ':1:18: error: targets: expected an array, not a number'
}

corpus_stores() {
	try store 0 "$(doc_stores "$STORE" "$RAM")"
	try store-twice 5 "$(doc_stores "$RAM" "${RAM/\"v\"/\"u\"}")" \
		':1:83: error: storage_objects[1]: there is a backstore ramdisk/r already'
	try alias-twice 5 "$(doc_stores "$RAM" '{"name": "r", "plugin": "rd_mcp", "size": 1, "wwn": "u"}')" \
		':1:83: error: storage_objects[1]: there is a backstore ramdisk/r already'
	try same-serial 5 "$(doc_stores "$STORE" "${RAM/\"v\"/\"w\"}")" \
		':1:172: error: storage_objects[1].wwn: the same serial number as storage_objects[0].wwn'
	try no-serial 0 "$(doc_stores '{"name": "r", "plugin": "ramdisk", "size": 1}')" \
		":1:22: warning: storage_objects[0]: without 'wwn' the disk has no serial number"
	try plugin 5 "$(doc_stores '{"name": "r", "plugin": "iscsi"}')" \
		':1:46: error: storage_objects[0].plugin: expected block, fileio, ramdisk, pscsi or user'
	try no-dev 5 "$(doc_stores '{"name": "r", "plugin": "block", "wwn": "a"}')" \
		":1:22: error: storage_objects[0]: 'dev' is missing, which a block backstore needs"
	try no-size 5 "$(doc_stores '{"name": "r", "plugin": "ramdisk", "wwn": "a", "size": 0}')" \
		":1:22: error: storage_objects[0]: 'size' is missing, which a ramdisk backstore needs"
	try file-size 5 "$(doc_stores "${STORE/\"size\": 4096, /}")" \
		":1:22: error: storage_objects[0]: 'size' is missing, which a file needs"
	try file-small 0 "$(doc_stores "${STORE/4096/8192}")" \
		":1:63: warning: storage_objects[0].dev: the file has 4096 bytes, fewer than 'size' says"
	try file-twice 0 "$(doc_stores "$STORE" '{"name": "e", "plugin": "fileio", "dev": "'$D'", "size": 4096, "wwn": "x"}')" \
		':1:157: warning: storage_objects[1].dev: is the file of storage_objects[0], too'
	try pending 6 "$(doc_stores "${STORE/disk.img/none.img}")"
	try no-block 5 "$(doc_stores '{"name": "b", "plugin": "block", "wwn": "a", "dev": "/dev/null"}')" \
		':1:74: error: storage_objects[0].dev: /dev/null is no block device'
	try folder 5 "$(doc_stores "${STORE/\/disk.img/}")" \
		':1:63: error: storage_objects[0].dev: /proc/self/cwd is neither a file nor a block device'
	try relative 5 "$(doc_stores "${STORE/\/proc/proc}")" \
		":1:63: error: storage_objects[0].dev: expected a path that begins with '/'"
	try comma-path 5 "$(doc_stores "${STORE/disk.img/a,b}")" \
		':1:63: error: storage_objects[0].dev: the kernel cannot be told a path with a comma or newline'
	try unstable 6 "$(doc_stores '{"name": "b", "plugin": "block", "wwn": "a", "dev": "/dev/sdzzz"}' \
		'{"name": "c", "plugin": "block", "wwn": "b", "dev": "/dev/vg/sda"}')" \
		':1:74: warning: storage_objects[0].dev: /dev/sdzzz may be another disk after a reboot; take its name in /dev/disk/by-id'
	try missing-twice 5 "$(doc_stores '{"name": "b", "plugin": "block", "wwn": "a", "dev": "/dev/x/y"}' \
		'{"name": "c", "plugin": "block", "wwn": "b", "dev": "/dev/x/y"}')" \
		':1:138: error: storage_objects[1].dev: is the device of storage_objects[0], too'
	try user 0 "$(doc_stores '{"name": "u", "plugin": "user", "config": "rbd/a/b", "size": 1, "wwn": "a"}')"
	try user-config 5 "$(doc_stores '{"name": "u", "plugin": "user", "config": "rbd:a", "wwn": "a"}')" \
		':1:64: error: storage_objects[0].config: expected HANDLER/CONFIGURATION, without a colon, comma or newline' \
		":1:22: error: storage_objects[0]: 'size' is missing, which a user backstore needs"
	try group-twice 5 "$(doc_stores "${RAM%\}}"', "alua_tpgs": [{"name": "a", "tg_pt_gp_id": 1}, {"name": "a", "tg_pt_gp_id": 1}]}')" \
		':1:130: error: storage_objects[0].alua_tpgs[1]: the same name as storage_objects[0].alua_tpgs[0]' \
		':1:130: error: storage_objects[0].alua_tpgs[1]: the same tg_pt_gp_id as storage_objects[0].alua_tpgs[0]'
}

corpus_targets() {
	local t='"fabric": "iscsi", "wwn": "iqn.2026-11.org.test:t"'

	try target 0 "$(doc_tpg '"portals": [{"ip_address": "127.0.0.1", "port": 3260}, {"ip_address": "[::]", "port": 3261}]')"
	try target-twice 5 "{\"targets\": [{$t}, {$t}]}" \
		':1:68: error: targets[1]: the same wwn as targets[0]'
	try tag-twice 5 "{\"targets\": [{$t, \"tpgs\": [{\"tag\": 1}, {\"tag\": 1}]}]}" \
		':1:88: error: targets[0].tpgs[1]: the same tag as targets[0].tpgs[0]'
	try lun-twice 5 "$(doc_tpg "\"luns\": []" | sed "s|\[$LUN\], \"luns\": \[\]|[$LUN, $LUN]|")" \
		':2:77: error: targets[0].tpgs[0].luns[1]: the same index as targets[0].tpgs[0].luns[0]'
	try lun-without 5 "$(doc_tpg '"x": 1' | sed 's|/fileio/d|/fileio/e|')" \
		':2:52: error: targets[0].tpgs[0].luns[0].storage_object: there is no backstore fileio/e in storage_objects'
	try lun-group 5 "$(doc_tpg '"x": 1' | sed 's|/fileio/d"|&, "alua_tg_pt_gp_name": "east"|')" \
		':2:98: error: targets[0].tpgs[0].luns[0].alua_tg_pt_gp_name: backstore fileio/d has no such group'
	try lun-malformed 5 "$(doc_tpg '"x": 1' | sed 's|/backstores/fileio/d|fileio/d|')" \
		':2:52: error: targets[0].tpgs[0].luns[0].storage_object: expected /backstores/PLUGIN/NAME'
	try portal-twice 5 "{\"targets\": [{$t, \"tpgs\": [{\"tag\": 1, \"portals\": [{\"ip_address\": \"0.0.0.0\", \"port\": 1}]},
{\"tag\": 2, \"portals\": [{\"ip_address\": \"0.0.0.0\", \"port\": 1}]}]}]}" \
		':2:24: error: targets[0].tpgs[1].portals[0]: the same portal as targets[0].tpgs[0].portals[0]'
	try portal-name 5 "$(doc_tpg '"portals": [{"ip_address": "localhost", "port": 1}, {"ip_address": "::1", "port": 1}]')" \
		':2:105: error: targets[0].tpgs[0].portals[0].ip_address: expected an IPv4 address, or an IPv6 address in brackets' \
		':2:145: error: targets[0].tpgs[0].portals[1].ip_address: expected an IPv4 address, or an IPv6 address in brackets'
	try portal-foreign 0 "$(doc_tpg '"portals": [{"ip_address": "192.0.2.77", "port": 1}]')" \
		':2:105: warning: targets[0].tpgs[0].portals[0].ip_address: this machine has no address 192.0.2.77 (yet)'
	try port-zero 5 "$(doc_tpg '"portals": [{"ip_address": "0.0.0.0", "port": 0}]')" \
		':2:124: error: targets[0].tpgs[0].portals[0].port: expected a number from 1 to 65535, not 0'
	try ranges 5 "$(doc_tpg '"attributes": {"default_erl": 3, "new": 9}, "parameters": {"InitialR2T": "yes", "MaxBurstLength": "100", "AuthMethod": "CHAP,none", "DataDigest": "None"}')" \
		':2:108: error: targets[0].tpgs[0].attributes.default_erl: expected a number from 0 to 2' \
		':2:151: error: targets[0].tpgs[0].parameters.InitialR2T: expected Yes or No' \
		':2:176: error: targets[0].tpgs[0].parameters.MaxBurstLength: expected a number from 512 to 16777215' \
		':2:197: error: targets[0].tpgs[0].parameters.AuthMethod: expected some of KRB5,SPKM1,SPKM2,SRP,CHAP,None, separated by commas'
	try other-fabric 0 '{"targets": [{"fabric": "loopback", "wwn": "naa.50014051", "tpgs": [{"tag": 1, "luns": []}]}]}' \
		':1:25: warning: targets[0].fabric: is not iscsi: this target is not looked at'
	try capital 0 "$(doc_tpg '"x": 1' | sed 's/test:t/test:T/')" \
		':1:157: warning: targets[0].wwn: has capital letters, which targetcli makes small'
	try odd-name 0 "$(doc_tpg '"x": 1' | sed 's/iqn.2026-11.org.test:t/disk/')" \
		':1:157: warning: targets[0].wwn: targetcli takes only iqn.YYYY-MM.DOMAIN, naa. and eui.'
}

corpus_acls() {
	local i='"iqn.2026-11.org.test:i"' s='"a-secret-that-is-long"'

	try acl 0 "$(doc_acl '"mapped_luns": [{"index": 7, "tpg_lun": 0, "write_protect": 1}]')"
	try acl-twice 5 "$(doc_acl "\"x\": 1}, {\"node_wwn\": $i")" \
		':3:49: error: targets[0].tpgs[0].node_acls[1]: the same node_wwn as targets[0].tpgs[0].node_acls[0]'
	try mapped-twice 5 "$(doc_acl '"mapped_luns": [{"index": 7, "tpg_lun": 0}, {"index": 7, "tpg_lun": 0}]')" \
		':3:84: error: targets[0].tpgs[0].node_acls[0].mapped_luns[1]: the same index as targets[0].tpgs[0].node_acls[0].mapped_luns[0]'
	try mapped-nothing 5 "$(doc_acl '"mapped_luns": [{"index": 7, "tpg_lun": 3}]')" \
		":3:80: error: targets[0].tpgs[0].node_acls[0].mapped_luns[0].tpg_lun: there is no LUN 3 in 'luns' of the portal group"
	try acl-range 5 "$(doc_acl '"attributes": {"nopin_timeout": 61, "authentication": -1}')" \
		':3:72: error: targets[0].tpgs[0].node_acls[0].attributes.nopin_timeout: expected a number from 0 to 60'
	try half 5 "$(doc_acl "\"chap_password\": $s")" \
		':3:1: error: targets[0].tpgs[0].node_acls[0]: chap_userid and chap_password only work together'
	try half-blank 5 "$(doc_acl "\"chap_userid\": \" \", \"chap_password\": $s")" \
		':3:1: error: targets[0].tpgs[0].node_acls[0]: chap_userid and chap_password only work together'
	try half-mutual 5 "$(doc_tpg '"chap_mutual_userid": "a"')" \
		':2:1: error: targets[0].tpgs[0]: chap_mutual_userid and chap_mutual_password only work together'
	try mutual-only 0 "$(doc_acl "\"chap_mutual_userid\": \"a\", \"chap_mutual_password\": $s")" \
		':3:1: warning: targets[0].tpgs[0].node_acls[0]: mutual credentials need chap_userid and chap_password'
	try same-secret 0 "$(doc_acl "\"chap_userid\": \"b\", \"chap_password\": $s, \"chap_mutual_userid\": \"a\", \"chap_mutual_password\": $s")" \
		':3:1: warning: targets[0].tpgs[0].node_acls[0]: both secrets are the same: logins can be reflected'
	try weak 0 "$(doc_acl '"chap_userid": "b", "chap_password": "short"')" \
		':3:1: warning: targets[0].tpgs[0].node_acls[0]: a secret has less than 12 bytes and can be guessed'
	try null-secret 5 "$(doc_acl '"chap_userid": "b", "chap_password": "NULLSECRET-AND-MORE"')" \
		':3:1: error: targets[0].tpgs[0].node_acls[0]: a name or secret begins with NULL, which the kernel takes for none'
	try long-secret 5 "$(doc_acl "\"chap_userid\": \"b\", \"chap_password\": \"$(printf 's%.0s' {1..256})\"")" \
		':3:1: error: targets[0].tpgs[0].node_acls[0]: a name or secret has more than 255 bytes'
	try discovery 5 '{"fabric_modules": [{"name": "iscsi", "discovery_userid": "a"}, {"name": "qla2xxx", "discovery_userid": "a"}]}' \
		':1:21: error: fabric_modules[0]: discovery_userid and discovery_password only work together'
}

# Of a target that others share the file with: what is said, and what is not. The numbers
# that are printed are its own.
corpus_one_target() {
	local arguments=(--target "$IQN") document
	local half='"chap_userid": "a"' other=/proc/self/cwd/other.img

	# other OF-OURS OF-THEIRS WWN DEV: our target has disk d, that of others has disk o
	other() {
		local ours=$1 theirs=$2

		printf '{"storage_objects": [%s,\n%s],\n"targets": [%s,\n%s,\n%s]}\n' "$STORE" \
			'{"name": "o", "plugin": "fileio", "dev": "'"$4"'", "size": 4096, "wwn": "'"$3"'"}' \
			'{"fabric": "iscsi", "wwn": "'$IQN'", "tpgs": [{"tag": 1, '"$ours"'"luns": ['"$LUN"']}]}' \
			'{"fabric": "iscsi", "wwn": "'$IQN'2", "tpgs": [{"tag": 1, '"$theirs"'"luns":
 [{"index": 0, "storage_object": "/backstores/fileio/o"}], "node_acls": [{"node_wwn": "iqn.2026-11.org.test:i"}]}]}' \
			'{"fabric": "loopback", "wwn": "naa.1", "tpgs": []}'
	}
	try one-alone 0 "$(other '' "$half, " v "$other")"
	if wanted one-alone; then
		grep -qxF "one-alone.json: 1 backstores, 1 targets, 1 LUNs, 0 ACLs; 0 errors, 0 warnings" \
			"$WORK/out/corpus-one-alone.out"
		report $? corpus-one-alone-counts "$WORK/out/corpus-one-alone.out"
	fi
	try one-own 5 "$(other "$half, " "$half, " v "$other")" \
		':3:75: error: targets[0].tpgs[0]: chap_userid and chap_password only work together'
	try one-wwn 5 "$(other '' '' w "$other")" \
		':1:111: error: storage_objects[0].wwn: the same serial number as storage_objects[1].wwn'
	try one-file 0 "$(other '' '' v "$D")" \
		":1:63: warning: storage_objects[0].dev: is the file of storage_objects[1], too"
	try one-type 5 "$(other '' '"portals": 1, ' v "$other")" \
		':4:86: error: targets[1].tpgs[0].portals: expected an array, not a number'
	try one-twice 5 "$(other '' '' v "$other" | sed "s/:t2/:t/")" \
		":4:1: error: targets[1]: the same wwn as targets[0]"
	arguments=(--target "$IQN"-none)
	try one-none 5 "$(other '' '' v "$other")" ": error: has no target $IQN-none"
	arguments=("--target=${IQN}2")
	document=$(other "$half, " '' v "$other")
	try one-pending 6 "$document"
	arguments=()
	try one-not 5 "$document" \
		':3:75: error: targets[0].tpgs[0]: chap_userid and chap_password only work together' \
		':6:12: warning: targets[2].fabric: is not iscsi: this target is not looked at'
}

# Files that are no text in a table.
corpus_files() {
	local name want

	printf '{"x": "a\0b"}' >"$WORK/saved/raw-nul.json"
	mkdir -p "$WORK/saved/a-folder.json"
	printf '{}' >"$WORK/saved/public.json"
	chmod 644 "$WORK/saved/public.json"
	truncate -s 300M "$WORK/saved/huge.json"
	mkfifo "$WORK/saved/pipe.json"
	chmod 600 "$WORK"/saved/{raw-nul,huge,pipe}.json
	while IFS='|' read -r name want line; do
		run "corpus-$name" none check "$name.json"
		grep -qxF "tcm-iscsi: $name.json$line" "$WORK/out/corpus-$name.err" &&
			[[ $status == "$want" ]]
		report $? "corpus-$name" "$WORK/out/corpus-$name.err"
	done <<-'TABLE'
		raw-nul|5|:1:9: error: a NUL byte, where JSON is text
		a-folder|5|: error: is not a regular file
		pipe|5|: error: is not a regular file
		huge|5|: error: has more than 256 MiB; no configuration has
		public|0|: warning: others than its owner can use it, and it holds secrets; chmod 600
		absent|5|: error: does not exist
	TABLE
}

# As many findings as anybody reads are said, all are counted; 20,000 LUNs are no hurry.
corpus_many() {
	local i list=()

	for ((i = 0; i < 20000; i++)); do
		list+=("${RAM/\"r\"/\"r$i\"}")
	done
	doc_stores "${list[@]}" >"$WORK/saved/many.json"
	chmod 600 "$WORK/saved/many.json"
	run corpus-many none check many.json
	[[ $status == 5 && $(wc -l <"$WORK/out/corpus-many.err") == 101 ]] &&
		grep -q '^tcm-iscsi: many.json: 19899 more findings$' "$WORK/out/corpus-many.err" &&
		grep -q ': 19999 errors, 0 warnings$' "$WORK/out/corpus-many.out"
	report $? corpus-many "$WORK/out/corpus-many.err"
}

corpus() {
	mkdir -p "$WORK/saved"
	truncate -s 4096 "$WORK/saved/disk.img"
	corpus_json
	corpus_types
	corpus_stores
	corpus_targets
	corpus_acls
	corpus_one_target
}
