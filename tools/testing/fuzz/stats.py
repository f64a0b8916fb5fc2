# SPDX-License-Identifier: GPL-2.0
"""How deep the live fuzzer got: what its mutated PDUs were answered with."""

import collections

import mutate
import raw

NAMES = {raw.NOP_IN: "nop", raw.SCSI_RSP: "status", raw.TMF_RSP: "tmf", raw.LOGIN_RSP: "login",
         raw.TEXT_RSP: "text", raw.DATA_IN: "data", raw.LOGOUT_RSP: "logout", raw.R2T: "r2t",
         raw.ASYNC: "async", raw.REJECT: "reject"}
# Least share of answers that are neither Reject, nor a refused login, nor the end of
# the connection. What is normal is about twice as much: a fuzzer below it bounces at
# the door.
LEAST = {"before": 0.02, "login": 0.15, "ffp": 0.5}
# And what has to be among them.
MUST = {"before": ("login",), "login": ("login",),
        "ffp": ("status", "data", "r2t", "tmf", "text", "nop", "logout", "reject")}


class Stats:
    def __init__(self):
        self.rounds = collections.Counter()
        self.pdus = collections.Counter()
        self.logins = collections.Counter()
        self.ends = collections.Counter()
        self.answers = {phase: collections.Counter() for phase in mutate.PHASES}
        self.connections = 0
        self.programs = 0

    @staticmethod
    def counts(live):
        """Only what comes after the honest part says anything."""
        return live.at > live.plan["mutated"]

    def mutated(self, live):
        self.pdus[live.plan["phase"]] += 1

    def answer(self, live, pdu):
        if self.counts(live):
            name = NAMES.get(pdu.opcode, f"{pdu.opcode:#04x}")
            if pdu.opcode == raw.LOGIN_RSP and pdu.half(36):
                name = "refused"
            self.answers[live.plan["phase"]][name] += 1

    def closed(self, live):
        if self.counts(live):
            self.ends[live.plan["phase"]] += 1

    def logged_in(self, live):
        if self.counts(live):
            self.logins[live.plan["phase"]] += 1

    def share(self, phase):
        answers = self.answers[phase]
        bad = answers["reject"] + answers["refused"]
        all_of_it = sum(answers.values()) + self.ends[phase]
        return (sum(answers.values()) - bad) / all_of_it if all_of_it else 0

    def lines(self):
        for phase in mutate.PHASES:
            kinds = ", ".join(f"{name} {number}" for name, number in
                              self.answers[phase].most_common())
            yield (f"{phase}: {self.rounds[phase]} rounds, {self.pdus[phase]} PDUs after the "
                   f"honest part, {self.logins[phase]} logins completed, "
                   f"answers: {kinds or 'none'}; closed by the target {self.ends[phase]}; "
                   f"share {self.share(phase):.2f}")

    def shallow(self, phase):
        """What is missing, '' if it went deep enough."""
        missing = [name for name in MUST[phase] if not self.answers[phase][name]]
        if missing:
            return "never answered: " + ", ".join(missing)
        if self.share(phase) < LEAST[phase]:
            return f"only {self.share(phase):.2f} of the answers were no refusal"
        return ""
