# SPDX-License-Identifier: GPL-2.0
"""Full feature phase of the raw client: commands with their data, in any number,
and checks of every rule that the target's Data-In and R2T have to obey."""

import struct

import login as login_module
import raw
from harness import Failure, check, equal
from login import LoginConn
from raw import (DATA_IN, DATA_OUT, FINAL, IMMEDIATE, LOGOUT_REQ, LOGOUT_RSP, NOP_IN, NOP_OUT,
                 R2T, REJECT, RTAG, SCSI_CMD, SCSI_RSP, TEXT_REQ, TEXT_RSP, TMF_REQ, TMF_RSP,
                 Closed, Pdu)

READ, WRITE, SIMPLE = 0x40, 0x20, 1
GOOD, CHECK_CONDITION, TASK_ABORTED = 0x00, 0x02, 0x40
COLLAPSED = (0x00, 0x04, 0x10, 0x14)        # what Data-In may carry
OVERFLOW, UNDERFLOW = 0x04, 0x02
ABORT_TASK, ABORT_TASK_SET, CLEAR_ACA, CLEAR_TASK_SET, LUN_RESET = range(1, 6)
WARM_RESET, COLD_RESET, TASK_REASSIGN, QUERY_TASK, QUERY_TASK_SET = range(6, 11)
NEXUS_RESET, QUERY_ASYNC_EVENT = 11, 12
BLOCK = 512


def read10(lba, blocks):
    return struct.pack(">BBIBHB", 0x28, 0, lba, 0, blocks, 0)


def write10(lba, blocks):
    return struct.pack(">BBIBHB", 0x2a, 0, lba, 0, blocks, 0)


TEST_UNIT_READY = bytes(6)
READ_CAPACITY = b"\x25" + bytes(9)


def inquiry(length=36, page=None):
    return struct.pack(">BBBHB", 0x12, page is not None, page or 0, length, 0)


def report_luns(length=256):
    return struct.pack(">B5xI2x", 0xa0, length)


class Task:
    """A command between its first and its last PDU."""

    def __init__(self, itt, cdb, lun, edtl, write):
        self.itt = itt
        self.cdb = cdb
        self.lun = raw.lun_bytes(lun)
        self.edtl = edtl
        self.write = write          # the whole buffer, or None
        self.data = bytearray()     # read
        self.datasn = 0
        self.r2tsn = 0
        self.r2t_end = 0            # where the next R2T has to begin
        self.r2ts = []              # not yet answered
        self.burst = 0
        self.done = False
        self.status = None
        self.residual = 0
        self.flags = 0
        self.sense = b""
        self.response = None
        self.cmdsn = None

    @property
    def sense_code(self):
        """key, asc, ascq"""
        check(len(self.sense) >= 14, "no sense data")
        if self.sense[0] & 0x7f in (0x72, 0x73):
            return self.sense[1] & 0xf, self.sense[2], self.sense[3]
        return self.sense[2] & 0xf, self.sense[12], self.sense[13]


class Session(LoginConn):
    """A normal session, logged in by the constructor. With answer_r2t=False, R2Ts
    are collected in their task for the test to do with as it likes. With old, a new
    connection in place of that one, in the same session."""

    def __init__(self, target, initiator=login_module.INITIATOR, keys=None, chap=None,
                 address=("127.0.0.1", 3260), isid=None, cmdsn=1, seconds=None, answer_r2t=True,
                 old=None):
        super().__init__(address, old.isid if old else isid, old.tsih if old else 0,
                         old.cid if old else 0, cmdsn, seconds)
        self.tasks = {}
        self.last_itt = 0x2000
        self.answer_r2t = answer_r2t
        self.others = []            # PDUs that belong to no task, in order
        try:
            self.values = login_module.login(self, target, initiator, keys, chap)
        except BaseException:
            self.close()
            raise
        if old:
            self.cmdsn = self.exp_cmdsn
            self.last_itt = old.last_itt
            self.values = {**old.values, **self.values}
        value = self.values.get
        self.max_burst = int(value("MaxBurstLength", "262144"))
        self.first_burst = min(int(value("FirstBurstLength", "65536"))
                               if value("FirstBurstLength") != "Irrelevant" else 0, self.max_burst)
        self.max_r2t = int(value("MaxOutstandingR2T", "1"))
        self.immediate_data = value("ImmediateData", "Yes") == "Yes"
        self.initial_r2t = value("InitialR2T", "Yes") == "Yes"

    def next_itt(self):
        self.last_itt += 1
        return self.last_itt

    def base(self, opcode, flags, itt, words=None, lun=0, data=b"", immediate=False, ahs=b""):
        """A request with its numbers; advances CmdSN unless immediate."""
        fields = {24: self.cmdsn, 28: self.statsn or 0}
        fields.update(words or {})
        pdu = Pdu(opcode | (IMMEDIATE if immediate else 0), flags, lun, itt, fields, data, ahs)
        if not immediate and opcode not in (DATA_OUT, raw.SNACK):
            self.cmdsn = self.cmdsn + 1 & 0xffffffff
        return pdu

    # -- commands --

    def submit(self, cdb, lun=0, read=0, write=None, immediate=None, unsolicited=None,
               edtl=None, wait_window=True):
        """Send a command with as much unsolicited data as was agreed on, unless
        immediate and unsolicited (bytes of Data-Out) say how much."""
        if wait_window:
            while self.cmdsn - self.max_cmdsn & 0xffffffff in range(1, 0x1000):
                self.pump()
        itt = self.next_itt()
        length = edtl if edtl is not None else len(write) if write is not None else read
        task = Task(itt, cdb, lun, length, write)
        imm, unsol = self.plan(write, length, immediate, unsolicited)
        flags = SIMPLE
        if write is not None:
            flags |= WRITE
        if read:
            flags |= READ
        if not unsol:
            flags |= FINAL
        task.cmdsn = self.cmdsn
        self.tasks[itt] = task
        data = write[:imm] if imm else b""
        pdu = self.base(SCSI_CMD, flags, itt, {20: length}, lun, data)
        pdu.bhs[32:32 + min(len(cdb), 16)] = cdb[:16]
        self.send(pdu)
        if unsol:
            self.send_data(task, RTAG, imm, unsol)
        task.r2t_end = imm + unsol
        return task

    def plan(self, write, length, immediate, unsolicited):
        if not write:
            return 0, 0
        burst = min(self.first_burst, length, len(write))
        if immediate is None:
            immediate = min(burst, self.values["mrdsl_out"]) if self.immediate_data else 0
        if unsolicited is None:
            unsolicited = 0 if self.initial_r2t else max(0, burst - immediate)
        return immediate, unsolicited

    def send_data(self, task, ttt, offset, length, datasn=0):
        """A sequence of Data-Out."""
        end = offset + length
        size = self.values["mrdsl_out"]
        while offset < end:
            part = task.write[offset:min(offset + size, end)]
            last = offset + len(part) == end
            self.send(Pdu(DATA_OUT, FINAL if last else 0, task.lun if ttt != RTAG else 0, task.itt,
                          {20: ttt, 28: self.statsn or 0, 36: datasn, 40: offset}, part))
            datasn += 1
            offset += len(part)

    def answer(self, task, r2t):
        self.send_data(task, r2t.word(20), r2t.word(40), r2t.word(44))
        task.r2ts.remove(r2t)

    def wait(self, task):
        while not task.done:
            self.pump()
        return task

    def command(self, cdb, status=GOOD, **kwargs):
        """Submit, wait, and check the status (None accepts any)."""
        task = self.wait(self.submit(cdb, **kwargs))
        if status is not None and task.status != status:
            sense = task.sense_code if task.sense else ""
            raise Failure(f"CDB {cdb.hex()}: status {task.status:#x} {sense}, "
                          f"expected {status:#x}")
        return task

    # -- what the target sends --

    def pump(self):
        """Receive one PDU and account for it."""
        pdu = self.recv()
        if pdu is None:
            raise Closed("the target closed the connection")
        handler = {DATA_IN: self.take_data, R2T: self.take_r2t, SCSI_RSP: self.take_status}
        if pdu.opcode in handler and pdu.itt in self.tasks:
            handler[pdu.opcode](self.tasks[pdu.itt], pdu)
        elif pdu.opcode in handler:
            raise Failure(f"a PDU for a task that does not exist: {pdu}")
        elif pdu.opcode != NOP_IN or pdu.itt != RTAG:
            self.others.append(pdu)
        elif pdu.word(20) != RTAG:
            self.pong(pdu)
        return pdu

    def pong(self, ping):
        check(not ping.data, "a target's ping with data")
        self.send(self.base(NOP_OUT, FINAL, RTAG, {20: ping.word(20)}, bytes(ping.bhs[8:16]),
                            immediate=True))

    def take_data(self, task, pdu):
        equal(pdu.word(36), task.datasn, "DataSN")
        equal(pdu.word(40), len(task.data), "Buffer Offset")
        check(pdu.data, "an empty Data-In")
        check(not pdu.flags & 0x78, "the A bit, or a reserved one, in Data-In", pdu)
        task.datasn += 1
        task.data += pdu.data
        task.burst += len(pdu.data)
        check(task.burst <= self.max_burst, "a sequence above MaxBurstLength")
        check(len(task.data) <= task.edtl, "more data than expected")
        if pdu.final:
            task.burst = 0
        if pdu.flags & 1:
            check(pdu.final, "S without F")
            check(pdu.bhs[3] in COLLAPSED, "status of an exception in Data-In:", pdu)
            self.finish(task, pdu, pdu.bhs[3], pdu.word(44))
        else:
            equal(pdu.flags & 0x7f, 0, "flags of a Data-In without status")
            if self.pedantic:
                equal(pdu.word(24), 0, "StatSN of a Data-In without status")
        equal(pdu.word(20), RTAG, "TTT of Data-In")
        if self.pedantic:
            equal(bytes(pdu.bhs[8:16]), bytes(8), "LUN of Data-In without A")

    def take_r2t(self, task, pdu):
        offset, length, ttt = pdu.word(40), pdu.word(44), pdu.word(20)
        equal(pdu.flags, FINAL, "flags of an R2T")
        equal(pdu.dsl, 0, "data in an R2T")
        equal(pdu.word(36), task.r2tsn, "R2TSN")
        equal(bytes(pdu.bhs[8:16]), task.lun, "LUN of an R2T")
        check(ttt != RTAG, "an R2T without a tag")
        check(ttt not in [old.word(20) for old in task.r2ts], "a tag given twice")
        check(0 < length <= self.max_burst, "length of an R2T:", length)
        equal(offset, task.r2t_end, "offset of an R2T")
        check(offset + length <= task.edtl, "an R2T above the expected length")
        task.r2tsn += 1
        task.r2t_end = offset + length
        task.r2ts.append(pdu)
        check(len(task.r2ts) <= self.max_r2t, "too many R2Ts outstanding")
        if self.answer_r2t:
            self.answer(task, pdu)

    def take_status(self, task, pdu):
        equal(pdu.bhs[2], 0, "iSCSI response")
        equal(pdu.word(36), task.datasn, "ExpDataSN")
        if pdu.data:
            length = struct.unpack_from(">H", pdu.data)[0]
            check(length <= len(pdu.data) - 2, "sense is longer than its segment")
            task.sense = pdu.data[2:2 + length]
        if pdu.bhs[3] == CHECK_CONDITION:
            check(task.sense, "CHECK CONDITION without sense")
        self.finish(task, pdu, pdu.bhs[3], pdu.word(44))

    def finish(self, task, pdu, status, residual):
        check(not task.done, "a second status")
        task.done = True
        task.status = status
        task.flags = pdu.flags & (OVERFLOW | UNDERFLOW)
        task.residual = residual
        task.response = pdu
        check(task.flags != OVERFLOW | UNDERFLOW, "O and U together")
        if not task.flags:
            equal(residual, 0, "residual without O or U")
        ahead = pdu.word(28) - task.cmdsn & 0xffffffff
        check(0 < ahead < 0x80000000, "status before ExpCmdSN has passed the command")
        del self.tasks[task.itt]

    def other(self, opcode):
        """The next PDU that belongs to no task; it has to be of this kind."""
        while not self.others:
            self.pump()
        pdu = self.others.pop(0)
        if pdu.opcode != opcode:
            raise Failure(f"expected PDU {opcode:#04x}, got {pdu}")
        return pdu

    # -- everything else --

    def nop(self, data=b"", immediate=False):
        itt = self.next_itt()
        self.send(self.base(NOP_OUT, FINAL, itt, {20: RTAG}, data=data, immediate=immediate))
        pdu = self.other(NOP_IN)
        equal(pdu.itt, itt, "ITT of the ping's answer")
        equal(pdu.word(20), RTAG, "TTT of the ping's answer")
        return pdu.data

    def sync(self):
        """Everything sent before has been looked at when this returns."""
        self.nop()

    def tmf(self, function, lun=0, tag=RTAG, ref_cmdsn=0, itt=None):
        """Send a task management function and return its response code."""
        itt = itt or self.next_itt()
        self.send(self.base(TMF_REQ, FINAL | function, itt, {20: tag, 32: ref_cmdsn}, lun,
                            immediate=True))
        pdu = self.other(TMF_RSP)
        equal(pdu.itt, itt, "ITT of the TMF response")
        equal(pdu.dsl, 0, "data in a TMF response")
        return pdu.bhs[2]

    def text(self, pairs, flags=FINAL, ttt=RTAG, data=None, itt=None):
        """One Text Request and its answer."""
        itt = itt or self.next_itt()
        data = login_module.encode_text(pairs) if data is None else data
        self.send(self.base(TEXT_REQ, flags, itt, {20: ttt}, data=data))
        pdu = self.other(TEXT_RSP)
        equal(pdu.itt, itt, "ITT of the text response")
        equal(pdu.final, pdu.word(20) == RTAG, "F and TTT of the text response")
        return pdu

    def send_targets(self, what="All"):
        """The whole answer: [(target, [address, …]), …]"""
        itt = self.next_itt()
        pdu = self.text([("SendTargets", what)], itt=itt)
        data = pdu.data
        while not pdu.final:
            pdu = self.text([], ttt=pdu.word(20), itt=itt)
            data += pdu.data
        found = []
        for key, value in login_module.decode_text(data):
            if key == "TargetName":
                found.append((value, []))
            else:
                equal(key, "TargetAddress", "key in the answer")
                found[-1][1].append(value)
        return found

    def rejected(self, reason):
        pdu = self.other(REJECT)
        equal(pdu.bhs[2], reason, "reject reason")
        equal(pdu.itt, RTAG, "ITT of a Reject")
        check(len(pdu.data) >= 48, "a Reject without the header")
        return pdu

    def logout(self, reason=0, cid=None):
        """Returns the response; after success the target has closed."""
        itt = self.next_itt()
        self.send(self.base(LOGOUT_REQ, FINAL | reason, itt,
                            {20: (self.cid if cid is None else cid) << 16}, immediate=True))
        pdu = self.other(LOGOUT_RSP)
        equal(pdu.itt, itt, "ITT of the logout response")
        if not pdu.bhs[2]:
            check(self.recv() is None, "something after a successful logout")
            self.close()
        return pdu.bhs[2]

    # -- disks --

    def ready(self, *luns):
        """Clear the unit attentions that a new session finds."""
        for lun in luns:
            for _ in range(16):
                if self.command(TEST_UNIT_READY, lun=lun, status=None).status == GOOD:
                    break
            else:
                raise Failure(f"LUN {lun} does not become ready")

    def write_at(self, lba, data, lun=0, **kwargs):
        return self.command(write10(lba, len(data) // BLOCK), lun=lun, write=data, **kwargs)

    def read_at(self, lba, length, lun=0):
        return bytes(self.command(read10(lba, length // BLOCK), lun=lun, read=length).data)

    def __exit__(self, kind, *_exc):
        if kind is None and self.sock.fileno() >= 0:
            try:
                self.logout()
            except (OSError, Closed):
                pass
        self.close()


def discovery(address=("127.0.0.1", 3260), initiator=login_module.INITIATOR, chap=None):
    """A discovery session."""
    return Session(None, initiator, chap=chap, address=address)
