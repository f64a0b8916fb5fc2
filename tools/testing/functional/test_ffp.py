# SPDX-License-Identifier: GPL-2.0
"""Full feature phase: pings, logout, rejects, text, digests."""

import time

import harness
import login
from harness import check, equal
from login import LoginConn, random_isid, refusal
from raw import (DATA_OUT, FINAL, IMMEDIATE, LOGIN_REQ, LOGOUT_REQ, NOP_IN, NOP_OUT, REJECT, RTAG,
                 SCSI_CMD, SNACK, TEXT_REQ, TMF_REQ, Pdu)
from session import CHECK_CONDITION, GOOD, READ, SIMPLE, WRITE, Session, read10, write10
from target import Target

PROTOCOL, UNSUPPORTED, IMMEDIATE_REJECT, IN_PROGRESS, SNACK_REJECT, INVALID, DATA_DIGEST = (
    0x04, 0x05, 0x06, 0x07, 0x03, 0x09, 0x02)


def test_ping():
    """Ping data comes back, of every size, also with digests, also immediate."""
    with Target("ffp") as target:
        for keys in ({}, {"HeaderDigest": "CRC32C", "DataDigest": "CRC32C"},
                     {"MaxRecvDataSegmentLength": "512"}):
            with Session(target.iqn, keys=keys) as session:
                limit = int(keys.get("MaxRecvDataSegmentLength", 8192))
                for size in (0, 1, 2, 3, 4, 5, 511, 512, 513, 4096, 8191, 8192):
                    data = bytes(n * 7 & 0xff for n in range(size))
                    for immediate in (False, True):
                        equal(session.nop(data, immediate), data[:limit], f"ping of {size} bytes")


test_ping.quick = True


def test_ping_by_target():
    """nopin_timeout=3: the ping comes; answered it is well, unanswered it is over."""
    with Target("ffp", demo=False) as target:
        acl = target.acl(login.INITIATOR)
        acl.attrib("nopin_timeout", 3)
        acl.attrib("nopin_response_timeout", 3)
        with Session(target.iqn, seconds=12) as session:
            for _ in range(2):
                start = time.monotonic()
                ping = session.recv()
                equal((ping.opcode, ping.itt, ping.dsl), (NOP_IN, RTAG, 0), "the ping")
                check(ping.word(20) != RTAG, "a ping without a tag")
                check(time.monotonic() - start > 2, "pinged too early")
                session.pong(ping)
            session.sync()
        with Session(target.iqn, seconds=12) as session:
            equal(session.recv().opcode, NOP_IN, "the ping")
            start = time.monotonic()
            equal(session.expect_close(), [], "instead of an answer")
            check(2 < time.monotonic() - start < harness.patience(8), "time to the end")
        equal(target.statistic("iscsi_sess_err/cxn_errors"), "1", "counted time-outs")


def test_unanswered_nops():
    """NOP-Out without a task tag gets no answer, whatever its TTT is."""
    with Target("ffp") as target:
        with Session(target.iqn) as session:
            for ttt in (RTAG, 0, 0x12345678):
                session.send(session.base(NOP_OUT, FINAL, RTAG, {20: ttt}, immediate=True))
            session.sync()
            equal(session.others, [], "answers")


def test_logout():
    """Reasons 0 and 1 end it, 2 is refused, so are a wrong CID and reason 3."""
    with Target("ffp") as target:
        for reason in (0, 1):
            session = Session(target.iqn)
            equal(session.logout(reason), 0, f"response to reason {reason}")
            harness.wait_for(lambda: target.sessions() == 0, "the end of the session")
        with Session(target.iqn) as session:
            equal(session.logout(2), 2, "response to reason 2")
            equal(session.logout(1, cid=77), 1, "response to a CID that does not exist")
            session.send(session.base(LOGOUT_REQ, FINAL | 3, session.next_itt(), immediate=True))
            session.rejected(INVALID)
            session.sync()
        harness.wait_for(lambda: target.statistic("iscsi_logout_stats/normal_logouts") == "3",
                         "the counter of logouts")


def test_logout_with_commands():
    """A logout behind a queue of commands ends with its response, whatever is open."""
    with Target("ffp") as target:
        target.lun(0)
        for reason in (0, 1):
            session = Session(target.iqn, answer_r2t=False)
            session.ready(0)
            for number in range(16):
                session.submit(read10(number, 8), read=4096)
                session.submit(write10(number, 16), write=bytes(8192), immediate=0)
            session.logout(reason)
        harness.wait_for(lambda: target.sessions() == 0, "the end of the sessions")


def test_rejects():
    """What is rejected, with which reason, and that the session goes on."""
    with Target("ffp") as target:
        target.lun(0)
        with Session(target.iqn) as session:
            session.ready(0)

            def reject(reason, opcode, flags=FINAL, words=None, itt=0x99, **kwargs):
                session.send(session.base(opcode, flags, itt, words, immediate=True, **kwargs))
                pdu = session.rejected(reason)
                equal(pdu.data[0] & 0x3f, opcode, "opcode in the copied header")
                session.read_at(0, 512)

            harness.fresh_log().close()
            for opcode in (0x07, 0x0f, 0x11, 0x1c, 0x1e, 0x1f):
                reject(UNSUPPORTED, opcode)
            for opcode in (0x20, 0x25, 0x31, 0x3c, 0x3f):
                reject(PROTOCOL, opcode)
            reject(SNACK_REJECT, SNACK, words={40: 0, 44: 0})
            reject(INVALID, SNACK, flags=FINAL | 7)
            reject(PROTOCOL, NOP_OUT, words={20: 5})
            reject(INVALID, SCSI_CMD, flags=FINAL | SIMPLE, words={20: 512})
            reject(INVALID, SCSI_CMD, flags=FINAL | READ | 6, words={20: 512})
            reject(INVALID, SCSI_CMD, flags=READ | SIMPLE, words={20: 512})
            reject(INVALID, SCSI_CMD, flags=FINAL | READ, words={20: 512}, itt=RTAG)
            reject(INVALID, SCSI_CMD, flags=FINAL | WRITE, words={20: 4}, data=b"12345678")
            reject(INVALID, SCSI_CMD, flags=FINAL | READ | WRITE, words={20: 512})
            reject(INVALID, NOP_OUT, words={20: RTAG}, ahs=bytes(8))
            reject(INVALID, TMF_REQ, flags=FINAL | 5, data=b"data")
            reject(PROTOCOL, TEXT_REQ, flags=FINAL | 0x40, words={20: RTAG}, data=b"A=b\0")
            reject(PROTOCOL, TEXT_REQ, words={20: RTAG}, data=b"no pair\0")
            reject(PROTOCOL, TEXT_REQ, words={20: RTAG}, data=b"MaxBurstLength=512\0")
            reject(INVALID, TEXT_REQ, words={20: 0x4711})
            reject(INVALID, DATA_OUT, words={20: RTAG})


def test_bad_ahs():
    """AHS: longer than its area, of an unknown kind, twice, too many."""
    with Target("ffp") as target:
        target.lun(0)
        with Session(target.iqn) as session:
            session.ready(0)
            for ahs in (b"\x00\xff\x01\x00", b"\x00\x00\x01\x00", b"\x00\x05\x07\0\0\0\0\0",
                        b"\x00\x01\x01\x00", b"\x00\x05\x02\0" + bytes(4) + b"\x00\x05\x02\0" +
                        bytes(4), b"\xff\xff\x01\x00" + bytes(252), bytes(1020)):
                session.send(session.base(SCSI_CMD, FINAL | READ | SIMPLE, 0x77, {20: 512},
                                          immediate=True, ahs=ahs))
                session.rejected(INVALID)
                session.read_at(0, 512)


def test_extended_cdb():
    """A 32-byte CDB: READ(32) is understood or refused by the device, not by iSCSI."""
    with Target("ffp") as target:
        target.lun(0)
        with Session(target.iqn) as session:
            session.ready(0)
            cdb = b"\x7f" + bytes(6) + b"\x18\x00\x09" + bytes(22)
            ahs = b"\x00\x11\x01\x00" + cdb[16:]
            for _ in range(3):
                itt = session.next_itt()
                pdu = session.base(SCSI_CMD, FINAL | READ | SIMPLE, itt, {20: 512}, ahs=ahs)
                pdu.bhs[32:48] = cdb[:16]
                session.send(pdu)
                while True:
                    answer = session.recv()
                    if answer.itt == itt and answer.opcode in (0x21, 0x25):
                        break
                    check(answer.opcode == NOP_IN, "unexpected", answer)
                check(answer.bhs[3] in (GOOD, CHECK_CONDITION), "status of READ(32)")
            session.sync()


def test_login_in_session():
    """A Login Request in full feature phase is rejected and ends the connection."""
    with Target("ffp") as target:
        with Session(target.iqn) as session:
            session.send(Pdu(LOGIN_REQ | IMMEDIATE, 0x87, itt=9, words={24: session.cmdsn}))
            seen = session.expect_close((REJECT,))
            equal([pdu.bhs[2] for pdu in seen], [PROTOCOL], "rejects")


def test_digest_errors():
    """A wrong header digest ends the connection, a wrong data digest the command."""
    keys = {"HeaderDigest": "CRC32C", "DataDigest": "CRC32C", "ImmediateData": "No"}
    with Target("ffp") as target:
        target.lun(0)
        with Session(target.iqn, keys=keys, answer_r2t=False) as session:
            session.ready(0)
            task = session.submit(write10(0, 8), write=b"\x55" * 4096)
            while not task.r2ts:
                session.pump()
            r2t = task.r2ts[0]
            pdu = Pdu(DATA_OUT, FINAL, task.lun, task.itt,
                      {20: r2t.word(20), 28: session.statsn}, task.write)
            wire = bytearray(session.encode(pdu))
            wire[60] ^= 1
            session.send_bytes(bytes(wire))
            session.rejected(DATA_DIGEST)
            session.wait(task)
            equal((task.status, task.sense_code), (CHECK_CONDITION, (0xb, 0x47, 5)), "status")
            equal(session.read_at(0, 4096), bytes(4096), "the disk")
            bad = bytearray(session.encode(session.base(NOP_OUT, FINAL, 3, {20: RTAG})))
            bad[50] ^= 1
            session.send_bytes(bytes(bad))
            session.expect_close()
        harness.wait_for(lambda: int(target.statistic("iscsi_sess_err/digest_errors")) >= 2,
                         "the counter of digest errors")


def test_cmdsn_games():
    """Outside the window is ignored, a duplicate too; a gap ends the session."""
    with Target("ffp") as target:
        target.lun(0)
        with Session(target.iqn) as session:
            session.ready(0)
            start = session.cmdsn
            for cmdsn in (start - 1, start - 1000, session.max_cmdsn + 1,
                          session.max_cmdsn + 0x7fff0000, start + 0x80000000):
                session.send(session.base(NOP_OUT, FINAL, 0x500, {20: RTAG, 24: cmdsn},
                                          data=b"dropped"))
            session.cmdsn = start
            session.sync()
            equal(session.others, [], "answers")
            task = session.submit(read10(0, 64), read=32768)
            itt = task.itt
            again = session.base(SCSI_CMD, FINAL | READ | SIMPLE, itt, {20: 32768, 24: task.cmdsn})
            session.cmdsn -= 1
            again.bhs[32:42] = read10(0, 64)
            session.send(again)
            session.wait(task)
            session.sync()
            equal(session.others, [], "answers")


def test_task_in_progress():
    """A tag in use is not taken for another command."""
    with Target("ffp") as target:
        target.lun(0)
        with Session(target.iqn, answer_r2t=False) as session:
            session.ready(0)
            task = session.submit(write10(0, 8), write=bytes(4096), immediate=0)
            pdu = session.base(SCSI_CMD, FINAL | READ | SIMPLE, task.itt, {20: 512}, immediate=True)
            pdu.bhs[32:42] = read10(0, 1)
            session.send(pdu)
            session.rejected(IN_PROGRESS)
            while not task.r2ts:
                session.pump()
            session.answer(task, task.r2ts[0])
            equal(session.wait(task).status, GOOD, "status of the first")


def test_immediate_commands():
    """Immediate commands work; too many at a time are rejected, a TMF gets through."""
    with Target("ffp") as target:
        target.lun(0)
        with Session(target.iqn, answer_r2t=False) as session:
            session.ready(0)
            open_tasks = 0
            for _ in range(40):
                pdu = session.base(SCSI_CMD, FINAL | WRITE | SIMPLE, session.next_itt(), {20: 4096},
                                   immediate=True)
                pdu.bhs[32:42] = write10(0, 8)
                session.send(pdu)
                answer = session.recv()
                if answer.opcode == REJECT:
                    equal(answer.bhs[2], IMMEDIATE_REJECT, "reason")
                    break
                equal(answer.opcode, 0x31, "an R2T")
                open_tasks += 1
            else:
                raise harness.Failure("40 immediate commands at a time")
            check(open_tasks >= 2, "only", open_tasks, "immediate commands")
            equal(session.tmf(5), 0, "LUN RESET")
            session.ready(0)
            session.read_at(0, 512)


def test_mrdsl_by_text():
    """MaxRecvDataSegmentLength changes in full feature phase, and is kept to."""
    with Target("ffp") as target:
        target.lun(0)
        with Session(target.iqn) as session:
            session.ready(0)
            for limit in (512, 65536, 1024):
                answer = session.text([("MaxRecvDataSegmentLength", str(limit))])
                equal(answer.final, True, "F of the answer")
                session.mrdsl = limit
                session.read_at(0, 65536)
            equal(session.text([]).data, b"", "answer to an empty request")
            equal(login.decode_text(session.text([("X-foo", "1")]).data),
                  [("X-foo", "NotUnderstood")], "answer to an unknown key")


def test_text_in_parts():
    """A request in parts is answered part by part; a new one forgets the old."""
    with Target("ffp") as target:
        with Session(target.iqn) as session:
            itt = session.next_itt()
            answer = session.text(None, 0x40, data=b"X-par", itt=itt)
            equal((answer.final, answer.dsl), (False, 0), "answer to C")
            answer = session.text(None, FINAL, answer.word(20), b"t=1\0", itt)
            equal(login.decode_text(answer.data), [("X-part", "NotUnderstood")], "answer")
            answer = session.text(None, 0, data=b"X-a=1\0", itt=itt)
            answer = session.text([("X-b", "1")])
            equal(login.decode_text(answer.data), [("X-b", "NotUnderstood")], "answer")
