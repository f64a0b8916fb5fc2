# SPDX-License-Identifier: GPL-2.0
# Reads the noise list first, then a kernel log. Prints an excerpt around every
# line that no healthy kernel writes and exits 1 if there was one.
# Variables: kernel (name), allow (one more pattern, may be empty).

BEGIN {
	bad = "BUG:|kernel BUG at|WARNING: |WARN_ON|Oops|general protection fault" \
	      "|KASAN:|UBSAN:|KFENCE:|KCSAN:|ODEBUG:|[Bb]ad page|corruption" \
	      "|possible (circular|recursive) locking|possible irq lock inversion" \
	      "|-safe -> [A-Z]*-unsafe|inconsistent lock state|bad unlock balance" \
	      "|held lock freed|locks? (still )?held (when|by)|suspicious RCU" \
	      "|trying to register non-static key|sleeping function called" \
	      "|scheduling while atomic|kmemleak: [0-9]+ new suspected" \
	      "|blocked for more than|soft lockup|hard LOCKUP|lockup detected" \
	      "|workqueue lockup|detected stall|rcu.*stall|refcount_t:|Call Trace" \
	      "|Kernel panic|Unable to handle kernel|Objects remaining" \
	      "|unregister_netdevice: waiting|init of the guest failed|lab: failed:"
	before = 3; after = 45; most = 240
}

FNR == 1 { file++ }

file == 1 {
	if ($0 ~ /^[ \t]*(#|$)/)
		next
	split($1, names, ",")
	for (i in names)
		if (names[i] == "*" || names[i] == kernel)
			quiet[++quiets] = substr($0, length($1) + 2)
	next
}

function noise(text,   i)
{
	if (allow != "" && text ~ allow)
		return 1
	for (i = 1; i <= quiets; i++)
		if (text ~ quiet[i])
			return 1
	return 0
}

{
	sub(/\r$/, "")
	line[FNR] = $0
	last = FNR
	# The kernel's own initiator flushes a work queue it may not, now and then at
	# logout; its report carries a trace, so it is passed over as a whole. Linux 7.2
	# says WARNING before it says what.
	if ($0 ~ /WQ_MEM_RECLAIM iscsi_ctrl_.* is flushing/) {
		foreign = 1
		while (hits && hit[hits] >= FNR - 2)
			hits--
	}
	if (!foreign && $0 ~ bad && !noise($0))
		hit[++hits] = FNR
	if ($0 ~ /end trace/)
		foreign = 0
}

END {
	for (i = 1; i <= hits && printed < most; i++) {
		if (hit[i] <= shown)
			continue
		if (printed)
			print "  [...]"
		from = hit[i] - before > shown ? hit[i] - before : shown + 1
		for (n = from; n <= hit[i] + after && n <= last && printed < most; n++) {
			print "  " line[n]
			printed++
		}
		shown = n - 1
	}
	if (printed >= most)
		print "  [... more in the whole log: --log FILE]"
	exit hits > 0
}
