# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Makes configfs and sysfs trees as the kernel would show them, with names, link
# targets and file contents recorded from tcm_iscsi and iscsi_target_mod. Every
# tree is a folder of TREES with cfg/ and sys/ in it.

SECRET=never-print-this-secret
OTHER_SECRET=nor-this-secret-either

# attr FILE VALUE: one attribute, with the newline that the kernel adds
attr() {
	mkdir -p "${1%/*}"
	printf '%s\n' "$2" >"$1"
}

# auth DIR [USER SECRET [MUTUAL-USER MUTUAL-SECRET]]
auth() {
	attr "$1/userid" "${2-}"
	attr "$1/password" "${3-}"
	attr "$1/userid_mutual" "${4-}"
	attr "$1/password_mutual" "${5-}"
	attr "$1/authenticate_target" 0
}

# module SYS NAME VERSION [FABRIC-PARAMETER]
module() {
	mkdir -p "$1/module/$2"
	[[ -z $3 ]] || attr "$1/module/$2/version" "$3"
	[[ $# -lt 4 ]] || attr "$1/module/$2/parameters/fabric" "$4"
}

# backstore CFG HBA/DEV UDEV-PATH INFO
backstore() {
	local dir=$1/target/core/$2

	mkdir -p "$dir"
	if [[ -n $3 ]]; then
		attr "$dir/udev_path" "$3"
	else
		: >"$dir/udev_path"
	fi
	printf 'Status: ACTIVATED  Max Queue Depth: 0  SectorSize: 512  HwMaxSectors: 8192\n%s\n' \
		"        $4" >"$dir/info"
}

fileio() {
	backstore "$1" "$2" "$3" "TCM FILEIO ID: 0        File: $4  Size: $5  Mode: O_DSYNC Async: 0"
}

fabric() {
	attr "$1/target/version" "Target Engine Core ConfigFS Infrastructure v5.0 on Linux"
	attr "$1/target/iscsi/lio_version" "Datera Inc. iSCSI Target v4.1.0"
	attr "$1/target/iscsi/discovery_auth/enforce_discovery_auth" 0
	auth "$1/target/iscsi/discovery_auth"
}

# tpg CFG IQN/tpgt_N ENABLE AUTHENTICATION GENERATE_NODE_ACLS
tpg() {
	local dir=$1/target/iscsi/$2

	mkdir -p "$dir"/{np,lun,acls,auth,param}
	attr "$dir/enable" "$3"
	attr "$dir/attrib/authentication" "$4"
	attr "$dir/attrib/generate_node_acls" "$5"
	attr "$dir/attrib/demo_mode_write_protect" 1
	attr "$dir/param/AuthMethod" "$([[ $4 == 1 ]] && echo CHAP || echo CHAP,None)"
	auth "$dir/auth"
	: >"$dir/dynamic_sessions"
	attr "${dir%/*}/fabric_statistics/iscsi_instance/sessions" 0
}

portal() {
	attr "$1/np/$2/iser" "${3-0}"
	attr "$1/np/$2/cxgbit" 0
}

lun() {
	mkdir -p "$1/lun/lun_$2"
	ln -s "../../../../../../target/core/$3" "$1/lun/lun_$2/2b1d9dd4c3"
}

acl() {
	local dir=$1/acls/$2

	mkdir -p "$dir"
	attr "$dir/attrib/authentication" -1
	auth "$dir/auth"
	printf '%s' "${3-}" >"$dir/tag"
	attr "$dir/info" "No active iSCSI Session for Initiator Endpoint: $2"
}

# mapped TPG ACL K M WRITE_PROTECT
mapped() {
	local dir=$1/acls/$2/lun_$3

	attr "$dir/write_protect" "$5"
	ln -s "../../../../../../../target/iscsi/x/tpgt_1/lun/lun_$4" "$dir/5e1f"
}

# The lines of `info` from the state on; ADDRESS [CID] are of one connection.
info_tail() {
	printf 'Session State: TARG_SESS_STATE_LOGGED_IN\n'
	printf '%s\n' '---------------------[iSCSI Session Values]-----------------------'
	printf '%s\n' '  CmdSN/WR  :  CmdSN/WC  :  ExpCmdSN  :  MaxCmdSN  :     ITT    :     TTT'
	printf ' 0x00000040   0x00000040   0x0000000f   0x0000004e   0x0000000e   0xffffffff\n'
	printf '%s\n' '----------------------[iSCSI Connections]-------------------------'
	printf 'CID: %s  Connection State: TARG_CONN_STATE_LOGGED_IN\n' "${2-0}"
	printf '   Address %s TCP  StatSN: 0x0b0b0010\n' "$1"
}

# session ACL-DIR INITIATOR ALIAS SID ADDRESS
session() {
	local name

	{
		printf 'InitiatorName: %s\nInitiatorAlias: %s\n' "$2" "$3"
		printf 'LIO Session ID: %s   ISID: 0x00 02 3d 00 00 0a  TSIH: %s  SessionType: Normal\n' \
			"$4" "$4"
		info_tail "$5"
	} >"$1/info"
	for name in MaxConnections InitialR2T ImmediateData DataPDUInOrder DataSequenceInOrder \
		MaxOutstandingR2T; do
		attr "$1/param/$name" 1
	done
	attr "$1/param/InitialR2T" 0
	attr "$1/param/MaxBurstLength" 262144
	attr "$1/param/FirstBurstLength" 65536
	attr "$1/param/DefaultTime2Wait" 2
	attr "$1/param/DefaultTime2Retain" 20
	attr "$1/param/ErrorRecoveryLevel" 0
}

# -- the trees --

make_none() {
	mkdir -p cfg sys/module
}

make_bare() {
	attr cfg/target/version "Target Engine"
	module sys tcm_iscsi 0.1.0 ""
}

make_unset() {
	fabric cfg
	module sys tcm_iscsi 0.1.0 ""
}

# What the one-page guide of targetcli leads to.
make_simple() {
	local tpg=cfg/target/iscsi/iqn.2026-11.test:t1/tpgt_1

	fabric cfg
	module sys tcm_iscsi 0.1.0 ""
	fileio cfg fileio_0/f0 "" /srv/f0.img 67108864
	tpg cfg iqn.2026-11.test:t1/tpgt_1 1 1 0
	portal $tpg 0.0.0.0:3260
	lun $tpg 0 fileio_0/f0
	acl $tpg iqn.2026-11.test:init
	auth $tpg/acls/iqn.2026-11.test:init/auth user $SECRET
	mapped $tpg iqn.2026-11.test:init 0 0 0
}

make_full() {
	local a=cfg/target/iscsi/iqn.2026-11.test:a b=cfg/target/iscsi/iqn.2026-11.test:b

	make_simple
	module sys iscsi_target_mod ""
	attr sys/module/tcm_iscsi/parameters/fabric iscsi
	rm -r sys/module/iscsi_target_mod
	attr cfg/target/iscsi/discovery_auth/enforce_discovery_auth 1
	auth cfg/target/iscsi/discovery_auth disc $SECRET back $OTHER_SECRET
	fileio cfg fileio_1/odd "" "/srv/a  Size: 5 b.img" 1610612736
	backstore cfg iblock_0/disk /dev/vg/disk $'iBlock device: sdb  UDEV PATH: /dev/vg/disk  readonly: 0\n  exclusive: 1\n        Major: 8 Minor: 16  CLAIMED: IBLOCK'
	backstore cfg iblock_1/gone "" $'iBlock device: sdc  UDEV PATH: /dev/sdc  readonly: 0\n        Major: 8 Minor: 32  CLAIMED: IBLOCK'
	attr sys/dev/block/8:16/size 4194304
	backstore cfg rd_mcp_0/ram "" $'TCM RamDisk ID: 0  RamDisk Makeup: rd_mcp\n        PAGES/PAGE_SIZE: 8192*4096  SG_table_count: 1  nullio: 0 dummy: 0'
	backstore cfg user_0/img "" 'Config: rbd/pool/image Size: 1000 MaxDataAreaMB: 8 CmdRingSizeMB: 8'
	backstore cfg pscsi_0/tape "" 'SCSI Device Bus Location: Channel ID: 0 Target ID: 1 LUN: 0 Host ID: 2'

	tpg cfg iqn.2026-11.test:a/tpgt_1 1 1 0
	portal $a/tpgt_1 '[2001:db8::1]:3260'
	portal $a/tpgt_1 10.0.0.1:3261 1
	lun $a/tpgt_1 10 iblock_0/disk
	lun $a/tpgt_1 2 fileio_1/odd
	lun $a/tpgt_1 3 iblock_1/gone
	lun $a/tpgt_1 4 rd_mcp_0/ram
	lun $a/tpgt_1 5 user_0/img
	lun $a/tpgt_1 6 pscsi_0/tape
	acl $a/tpgt_1 iqn.2026-11.test:one left-rack
	auth $a/tpgt_1/acls/iqn.2026-11.test:one/auth one $SECRET two $OTHER_SECRET
	mapped $a/tpgt_1 iqn.2026-11.test:one 0 10 1
	mapped $a/tpgt_1 iqn.2026-11.test:one 7 2 0
	session $a/tpgt_1/acls/iqn.2026-11.test:one iqn.2026-11.test:one "host one" 1 10.0.0.9
	acl $a/tpgt_1 iqn.2026-11.test:two
	attr $a/tpgt_1/acls/iqn.2026-11.test:two/attrib/authentication 0
	mapped $a/tpgt_1 iqn.2026-11.test:two 0 4 0
	session $a/tpgt_1/acls/iqn.2026-11.test:two iqn.2026-11.test:two "" 2 2001:db8::9
	info_tail 2001:db8::a 1 | tail -2 >>$a/tpgt_1/acls/iqn.2026-11.test:two/info
	attr $a/fabric_statistics/iscsi_instance/sessions 5

	tpg cfg iqn.2026-11.test:b/tpgt_2 0 0 0
	tpg cfg iqn.2026-11.test:b/tpgt_10 1 1 1
	portal $b/tpgt_10 10.0.0.1:3262
	lun $b/tpgt_10 0 rd_mcp_0/ram
	auth $b/tpgt_10/auth guest $SECRET
	printf 'iqn.2026-11.test:x\n\0iqn.2026-11.test:y\n\0iqn.2026-11.test:x\n\0' \
		>$b/tpgt_10/dynamic_sessions
	attr $b/fabric_statistics/iscsi_instance/sessions 3
}

# The same as tar copies it.
make_tarred() {
	make_full
	find cfg -type f -size -8 -exec truncate -s 4096 {} +
}

# One portal group for each mistake.
make_warn() {
	local dir=cfg/target/iscsi/iqn.2026-11.test:w i

	fabric cfg
	module sys iscsi_target_mod ""
	fileio cfg fileio_0/f0 /dev/f0 /srv/f0.img 1024
	for i in 2 3 4 5 6 7 8 9; do
		tpg cfg iqn.2026-11.test:w/tpgt_$i 1 1 0
		portal $dir/tpgt_$i 10.0.0.1:326$i
		lun $dir/tpgt_$i 0 fileio_0/f0
	done
	tpg cfg iqn.2026-11.test:w/tpgt_1 1 1 1		# neither portal nor LUN nor credentials
	attr $dir/tpgt_2/attrib/authentication 0	# open to everyone, for reading
	attr $dir/tpgt_2/param/AuthMethod CHAP,None
	attr $dir/tpgt_2/attrib/generate_node_acls 1
	auth $dir/tpgt_2/auth guest $SECRET
	attr $dir/tpgt_3/attrib/authentication 0	# and for writing
	attr $dir/tpgt_3/param/AuthMethod CHAP,None
	attr $dir/tpgt_3/attrib/generate_node_acls 1
	attr $dir/tpgt_3/attrib/demo_mode_write_protect 0
	attr $dir/tpgt_4/attrib/authentication 0	# AuthMethod disagrees
	auth $dir/tpgt_4/auth unused $SECRET
	acl $dir/tpgt_5 iqn.2026-11.test:half
	auth $dir/tpgt_5/acls/iqn.2026-11.test:half/auth half NULL half ""
	acl $dir/tpgt_6 iqn.2026-11.test:mutual
	auth $dir/tpgt_6/acls/iqn.2026-11.test:mutual/auth "" "" back $SECRET
	mkdir $dir/tpgt_6/acls/iqn.2026-11.test:mutual/lun_3
	: >$dir/tpgt_6/acls/iqn.2026-11.test:mutual/lun_3/write_protect
	acl $dir/tpgt_7 iqn.2026-11.test:optional
	attr $dir/tpgt_7/acls/iqn.2026-11.test:optional/attrib/authentication 0
	auth $dir/tpgt_7/acls/iqn.2026-11.test:optional/auth user short back short
	mapped $dir/tpgt_7 iqn.2026-11.test:optional 0 0 0
	acl $dir/tpgt_8 iqn.2026-11.test:echo
	auth $dir/tpgt_8/acls/iqn.2026-11.test:echo/auth user "$SECRET"$'\n'
	mapped $dir/tpgt_8 iqn.2026-11.test:echo 0 0 0
	rm $dir/tpgt_9/lun/lun_0/*
	attr $dir/tpgt_9/enable 0
	auth $dir/tpgt_9/auth $'\n' $'\n'		# echo >userid: as good as nothing
	attr cfg/target/iscsi/discovery_auth/enforce_discovery_auth 1
}

# The same newline is harmless with tcm_iscsi; an unset fabric has its own name.
make_beside() {
	make_warn
	module sys tcm_iscsi 0.1.0 tiscsi
	mv cfg/target/iscsi cfg/target/tiscsi
	fabric cfg
}

make_clash() {
	fabric cfg
	auth cfg/target/iscsi/discovery_auth disc $SECRET
	module sys tcm_iscsi 0.1.0 ""
	module sys iscsi_target_mod ""
}

# Names and texts that want to be more than that.
make_hostile() {
	local evil=$'iqn.2026-11.test:\e[31mred\a\\back\n\xff\xc3\xa9\u202e'
	local dir=cfg/target/iscsi/$evil/tpgt_1

	fabric cfg
	module sys tcm_iscsi $'9\e[2J' ""
	fileio cfg $'fileio_0/\e]0;t\a' $'/dev/\r\x9b1m\u0085' /srv/f 1
	tpg cfg "$evil/tpgt_1" 1 1 0
	portal "$dir" $'\e[1m:3260'
	lun "$dir" 0 $'fileio_0/\e]0;t\a'
	acl "$dir" "$evil" $'tag\e'
	auth "$dir/acls/$evil/auth" user $SECRET
	mapped "$dir" "$evil" 0 0 0
	session "$dir/acls/$evil" iqn.x $'\e[2J\x80\u200b\u00e4' 1 $'\e[3m'
	printf '\e[5m\n\0' >"$dir/dynamic_sessions"
}

# Each object has something missing or wrong; the rest must be shown.
make_broken() {
	local dir=cfg/target/iscsi/iqn.2026-11.test:t1/tpgt_1 i

	make_simple
	rm $dir/enable $dir/acls/*/tag $dir/dynamic_sessions
	attr $dir/attrib/authentication maybe
	attr $dir/attrib/generate_node_acls 2
	mkfifo $dir/fifo
	mv $dir/fifo $dir/param/AuthMethod
	portal $dir nonsense
	portal $dir 10.0.0.1:99999
	portal $dir 10.0.0.1:326x
	portal $dir 10.0.0.2:3260
	rm $dir/np/10.0.0.2:3260/iser
	mkdir $dir/np/10.0.0.2:3260/iser
	mkdir $dir/lun/lun_x $dir/acls/empty cfg/target/iscsi/iqn.2026-11.test:t1/tpgt_
	lun $dir 1 fileio_0/missing
	mkdir $dir/lun/lun_2
	ln -s ../../nowhere $dir/lun/lun_2/link
	for i in nul huge void; do
		acl $dir $i
		mapped $dir $i 0 0 0
	done
	printf 'InitiatorName: a\0b\n' >$dir/acls/nul/info
	head -c 70000 /dev/zero | tr '\0' A >$dir/acls/huge/info
	: >$dir/acls/void/info
	ln -sf /etc/hostname $dir/acls/nul/auth/userid
	mkdir cfg/target/iscsi/iqn.2026-11.test:hollow
	mkdir cfg/target/iscsi/iqn.2026-11.test:hollow/tpgt_1
	rm cfg/target/iscsi/discovery_auth/password
}

# Ways in which info can be wrong, and what a forged alias must not achieve.
make_info() {
	local dir=cfg/target/iscsi/iqn.2026-11.test:t1/tpgt_1 name

	fabric cfg
	module sys tcm_iscsi 0.1.0 ""
	tpg cfg iqn.2026-11.test:t1/tpgt_1 1 1 0
	for name in 1-good 2-forged 3-state 4-free 5-noconn 6-noaddress 7-badcid 8-isid 9-discovery \
		10-isid; do
		acl $dir $name
		session $dir/acls/$name $name "" 4 192.0.2.1
	done
	session $dir/acls/2-forged 2-forged $'x\nLIO Session ID: 9   ISID: 0x01 02 03 04 05 06  TSIH: 9  SessionType: Normal' 4 192.0.2.1
	sed -i 's/TARG_SESS_STATE_LOGGED_IN/ERROR: Unknown Session State!/' $dir/acls/3-state/info
	sed -i 's/TARG_SESS_STATE_LOGGED_IN/TARG_SESS_FREE/; s/TARG_CONN_STATE_LOGGED_IN/ERROR: Unknown Connection State!/' \
		$dir/acls/4-free/info
	sed -i 8q $dir/acls/5-noconn/info
	sed -i 9q $dir/acls/6-noaddress/info
	sed -i 's/^CID: 0/CID: -1/' $dir/acls/7-badcid/info
	sed -i 's/ISID: 0x00/ISID: 0xzz/' $dir/acls/8-isid/info
	sed -i 's/ISID: 0x00/ISID: 0x00zz/' $dir/acls/10-isid/info
	sed -i 's/Normal/Discovery/' $dir/acls/9-discovery/info
	attr $dir/acls/1-good/param/MaxBurstLength 'No Active iSCSI Session'
	attr $dir/acls/3-state/param/MaxBurstLength many
	attr cfg/target/iscsi/iqn.2026-11.test:t1/fabric_statistics/iscsi_instance/sessions junk
}

# A session's info cut behind each of its bytes.
make_cut() {
	local dir=cfg/target/iscsi/iqn.2026-11.test:t1/tpgt_1 whole size i

	fabric cfg
	module sys tcm_iscsi 0.1.0 ""
	tpg cfg iqn.2026-11.test:t1/tpgt_1 1 1 0
	acl $dir whole
	session $dir/acls/whole iqn.x alias 1 192.0.2.1
	whole=$dir/acls/whole
	size=$(stat -c %s $whole/info)
	for ((i = 0; i < size; i++)); do
		mkdir "$dir/acls/$i"
		ln "$whole/info" "$dir/acls/$i/whole"
		head -c "$i" "$whole/info" >"$dir/acls/$i/info"
		ln -s ../whole/param "$dir/acls/$i/param"
	done
}

# stored CFG HBA/DEV SERIAL: what a backstore has besides info and udev_path
stored() {
	local dir=$1/target/core/$2 group=$1/target/core/$2/alua/default_tg_pt_gp name

	attr "$dir/enable" 1
	attr "$dir/wwn/vpd_unit_serial" "T10 VPD Unit Serial Number: $3"
	attr "$dir/attrib/block_size" 512
	attr "$dir/attrib/emulate_write_cache" 0
	attr "$dir/attrib/hw_block_size" 512
	chmod 444 "$dir/attrib/hw_block_size"
	attr "$group/tg_pt_gp_id" 0
	attr "$group/alua_access_type" "Implicit and Explicit"
	attr "$group/alua_access_status" None
	for name in alua_access_state alua_write_metadata preferred nonop_delay_msecs \
		trans_delay_msecs implicit_trans_secs alua_support_offline alua_support_standby \
		alua_support_transitioning alua_support_active_nonoptimized \
		alua_support_unavailable alua_support_active_optimized; do
		attr "$group/$name" 1
	done
}

# A tree that has all that a save needs, of every kind of backstore.
make_saved() {
	local tpg=cfg/target/iscsi/iqn.2026-11.org.test:t1/tpgt_1 acl=iqn.2026-11.org.test:init

	fabric cfg
	module sys tcm_iscsi 0.1.0 ""
	fileio cfg fileio_0/f0 "" /srv/f0.img 67108864
	fileio cfg fileio_7/async /srv/with:colon /srv/with:colon 4096
	sed -i 's/Async: 0/Async: 1/' cfg/target/core/fileio_7/async/info
	backstore cfg iblock_1/disk /dev/vg/disk $'iBlock device: dm-0  UDEV PATH: /dev/vg/disk  readonly: 1\n        Major: 254 Minor: 0  CLAIMED: IBLOCK'
	backstore cfg rd_mcp_2/ram "" $'TCM RamDisk ID: 2  RamDisk Makeup: rd_mcp\n        PAGES/PAGE_SIZE: 256*4096  SG_table_count: 1  nullio: 1 dummy: 0'
	backstore cfg user_3/img "" 'Config: rbd/pool/image Size: 1000 MaxDataAreaMB: 8 DataPagesPerBlk: 1 CmdRingSizeMB: 8'
	backstore cfg pscsi_4/tape /dev/sg1 'SCSI Device Bus Location: Channel ID: 0 Target ID: 1 LUN: 0 Host ID: 2'
	stored cfg fileio_0/f0 serial-0
	stored cfg fileio_7/async serial-7
	stored cfg iblock_1/disk serial-1
	stored cfg rd_mcp_2/ram serial-2
	stored cfg user_3/img serial-3
	stored cfg pscsi_4/tape ""
	cp -r cfg/target/core/fileio_0/f0/alua/default_tg_pt_gp cfg/target/core/fileio_0/f0/alua/east
	attr cfg/target/core/fileio_0/f0/alua/east/tg_pt_gp_id 17
	attr cfg/target/core/pscsi_4/tape/attrib/alua_support 0
	attr cfg/target/core/user_3/img/attrib/alua_support 1
	attr cfg/target/core/fileio_7/async/attrib/emulate_write_cache 1
	mkdir -p cfg/target/core/alua/lu_gps cfg/target/core/fileio_9 cfg/target/core/iblock_8/begun
	attr cfg/target/core/iblock_8/begun/enable 0
	tpg cfg iqn.2026-11.org.test:t1/tpgt_1 1 1 0
	attr cfg/target/iscsi/iqn.2026-11.org.test:t1/param/cmd_completion_affinity -1
	attr $tpg/attrib/default_cmdsn_depth 64
	portal $tpg 0.0.0.0:3260
	portal $tpg '[::1]:3261' 1
	lun $tpg 0 fileio_0/f0
	printf 'TG Port Alias: east\nTG Port Group ID: 17\n' >$tpg/lun/lun_0/alua_tg_pt_gp
	lun $tpg 10 iblock_1/disk
	mkdir $tpg/lun/lun_3
	acl $tpg $acl rack
	attr $tpg/acls/$acl/cmdsn_depth 16
	auth $tpg/acls/$acl/auth user $SECRET NULL NULLX
	mapped $tpg $acl 0 0 0
	mapped $tpg $acl 5 10 1
	mkdir $tpg/acls/$acl/lun_9
	tpg cfg iqn.2026-11.org.test:t1/tpgt_2 0 0 1
	auth $tpg/../tpgt_2/auth guest $OTHER_SECRET
	tpg cfg iqn.2026-11.org.test:t2/tpgt_1 0 0 0
	auth cfg/target/iscsi/discovery_auth finder $SECRET
	mkdir -p cfg/target/loopback/naa.5001405/tpgt_1
}

# make_trees DIR NAME...
make_trees() {
	local top=$1 name

	shift
	for name; do
		mkdir -p "$top/$name"
		(cd "$top/$name" && "make_$name") || return 1
	done
}
