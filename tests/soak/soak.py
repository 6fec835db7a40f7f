#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random commands of pfwd beside random ones of iptables and ip6tables, or of nft, with real
connections, and after each step a look at whether all is as the model says. BACKEND is iptables or
nftables, SOAK_SEED repeats a run, SOAK_SECONDS is how long it lasts (1200)."""
import json
import os
import random
import subprocess
import sys
import time
from dataclasses import replace

import town
from foreign import USERS
from model import NO_INTERFACE, Forward, Model, add_alike, bracketed, conflict

PFWD = os.environ.get("PFWD", "./pfwd")
BACKEND = os.environ.get("BACKEND") or "iptables"
os.environ["PFWD_BACKEND"] = BACKEND
SECONDS = int(os.environ.get("SOAK_SECONDS") or 1200)
SEED = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(1 << 32))

NOT_OWNED = {4: "203.0.113.5", 6: "fd09::5"}  # routed to the gateway, which does not own it
CLIENT_NETS = {4: ["10.1.0.0/24", "10.0.0.0/8", "10.1.0.2/32", "10.3.0.0/16", "192.168.1.0/24"],
               6: ["fd01::/64", "fd00::/8", "fd01::2/128", "fd03::/32", "fd02::/64"]}
HAIRPIN_NETS = {4: ["192.168.1.0/24", "192.168.1.0/24", "192.168.0.0/16", "10.3.0.0/24"],
                6: ["fd02::/64", "fd02::/64", "fd02::/32", "fd03::/64"]}
FORWARDS_MAX = 70
QUESTIONS = 12  # a step
FLOWS_MAX = 8   # connections that are kept open
SHORT = 3       # seconds that a forward lives that is made to end
PATIENCE = 3    # seconds for an answer that should come
SILENCE = 0.12  # for one that should not


class Wrong(Exception):
    pass


def expect(what, got, wanted):
    if got != wanted:
        raise Wrong(f"{what}\n  is     {got!r}\n  wanted {wanted!r}")


def write(path, lines):
    with open(path, "w", encoding="ascii") as file:
        file.writelines(line + "\n" for line in lines)


class Soak:
    def __init__(self):
        self.dice = random.Random(SEED)
        self.model = Model()
        self.foreign = USERS[BACKEND](self.dice)
        self.flows = []        # open questions, with .way
        self.ends = 0          # when the forward ends that was made for a short time
        self.said = []         # the commands of this step
        self.steps = self.connections = 0

    # ---- random forwards ----

    def chance(self, percent):
        return self.dice.random() * 100 < percent

    def ports(self):
        """Where a forward listens, and where it sends."""
        most = town.LISTEN if self.chance(75) else town.ANSWER
        if self.chance(55):
            first = last = self.dice.choice(most)
        elif self.chance(8):
            return (1, 65535), (1, 65535)
        else:
            first, last = sorted(self.dice.choices(most, k=2))
        count = last - first + 1
        if self.chance(25):
            return (first, last), (first, last)
        if count <= len(town.ANSWER) and self.chance(60):
            to = self.dice.randrange(town.ANSWER[0], town.ANSWER[-1] - count + 2)
            return (first, last), (to, to + count - 1)
        to = self.dice.choice(town.ANSWER)
        return (first, last), (to, to)

    def address(self, family, owned_only):
        owned = [both[family] for both in town.GATEWAY.values()]
        return self.dice.choice(["", "", "", *owned, *([] if owned_only else [NOT_OWNED[family]])])

    def forward(self):
        d = self.dice
        family = d.choice([4, 6])
        ports, to = self.ports()
        target = d.choice([town.ADDRESSES["server"][family], town.ADDRESSES["lan"][family], ""])
        if self.chance(8):
            target, to = "-", ports
        if not target and ports == to:
            return self.forward()  # would translate nothing
        f = Forward(family, d.choice(["tcp", "tcp", "udp"]),
                    d.choice(["wan0", "wan0", "opt0", "lan0", "wa+", "o+", "", NO_INTERFACE]),
                    self.address(family, not target), ports, target, to,
                    name=d.choice(["", "", "a", "b", "web"]), local=self.chance(25),
                    client_net=d.choice(CLIENT_NETS[family]) if self.chance(30) else "",
                    until=2000000000 if self.chance(5) else 0)
        if not target:
            return f
        f = replace(f, hairpin=d.choice(HAIRPIN_NETS[family]) if self.chance(25) else "")
        if target != "-" and self.chance(40):
            sources = [both[family] for both in town.GATEWAY.values()]
            f = replace(f, snat=d.choice(sources)) if self.chance(50) else \
                replace(f, masquerade=True)
        return f

    def spare(self):
        """A forward that is in nobody's way."""
        while True:
            f = self.forward()
            if not any(conflict(f, g) for g in self.model):
                return f

    # ---- commands ----

    def pfwd(self, status, *words):
        """Beside which somebody else may change rules. Returns standard output."""
        command = [PFWD, *words]
        self.said.append(" ".join(command))
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        self.said += self.foreign.change()
        out, err = running.communicate()
        if running.returncode not in (status if isinstance(status, tuple) else (status,)):
            expect(f"status of {' '.join(command)} ({(err or out).strip()})",
                   running.returncode, status)
        bad = [line for line in err.splitlines() if not line.startswith("pfwd: ")]
        expect("lines on standard error", bad, [])
        return out

    def diff(self, path, differs):
        """Rules may also have to move, behind what somebody else added meanwhile."""
        lines = self.pfwd((0, 1), "diff", path).splitlines()
        expect(f"{path} differs ({lines})", any(line[0] != "~" for line in lines), differs)

    def step_add(self):
        f = self.forward()
        if self.model.conns and self.chance(10):
            f = self.dice.choice(list(self.model))
            f = replace(f, until=f.until if f.until > time.time() else 0)
        over = self.chance(15)
        words, asked = f.words(), [f]
        if f.proto == "tcp" and self.chance(20):
            words[0] += "+udp"
            asked.append(replace(f, proto="udp"))
        elif f.client_net and self.chance(50):
            more = self.dice.choice(CLIENT_NETS[f.family])
            words[words.index("--from") + 1] += "," + more
            asked += [] if more == f.client_net else [replace(f, client_net=more)]
        if over:
            words.append("--replace")
        if self.chance(10):
            self.pfwd(0 if self.would_add(asked, over) else 4, "add", "-n", *words)
        done = self.model.add(asked, time.time(), over)
        self.pfwd(0 if done else 4, "add", *words)

    def would_add(self, asked, over):
        other = Model()
        other.conns = dict(self.model.conns)
        return other.add(asked, time.time(), over)

    def step_add_for_a_short_time(self):
        f = replace(self.spare(), until=0)
        self.ends = int(time.time()) + SHORT
        f = replace(f, until=self.ends)
        self.model.add([f], time.time())
        self.pfwd(0, "add", *f.words())

    def step_change_the_time(self):
        if not self.model.conns:
            return
        f = self.dice.choice(list(self.model))
        other = replace(f, until=0 if f.until else 1900000000)
        self.model.add([other], time.time())
        self.pfwd(0, "add", *other.words())

    def step_del(self):
        if not self.model.conns or self.chance(5):
            self.pfwd(3, "del", "none1:9")
            return
        f = self.dice.choice(list(self.model))
        words, kill = [f.spec()], self.chance(30)

        def selected(g):
            return g.spec() == f.spec()
        if f.name and self.chance(30):
            words = [f.name]

            def selected(g):
                return g.name == f.name
        elif f.client_net and self.chance(50):
            words += ["--from", f.client_net]

            def selected(g):
                return g.spec() == f.spec() and g.client_net == f.client_net
        gone = self.model.remove(selected)
        self.pfwd(0, "del", *(["--kill"] if kill else []), *words)
        if kill:
            self.assert_killed(gone)

    def assert_killed(self, gone):
        rows = self.rows("-a")
        for q in self.flows:
            if q.way.forward in gone and not self.able(q):
                expect(f"connection of {q}, killed", self.row_of(rows, q), None)
        self.keep(q for q in self.flows if q.way.forward not in gone and
                  not self.may_be_of(q, gone))

    def may_be_of(self, q, gone):
        """What two forwards add alike is taken for the narrower one's, whichever that is."""
        return q.way.role != "proper" and any(add_alike(q.way.forward, g) for g in gone)

    def step_apply(self):
        keep = self.dice.choice([0, 50, 90, 95, 100])
        wanted = [f for f in self.model if self.chance(keep)]
        for _ in range(self.dice.choice([0, 1, 3, 12])):
            f = self.forward()
            if not any(conflict(f, g) for g in wanted):
                wanted.append(f)
        self.dice.shuffle(wanted)
        write("/run/wanted", ["# random", "", *(" ".join(f.words()) for f in wanted)])
        self.diff("/run/wanted", set(wanted) != set(self.model))
        self.model.apply(wanted)
        self.pfwd(0, "apply", "/run/wanted")
        self.diff("/run/wanted", False)

    def step_apply_a_bad_file(self):
        f = self.forward()
        write("/run/wanted", [" ".join(g.words()) for g in (f, replace(f, name="other"))])
        self.pfwd(2, "apply", "/run/wanted")

    def step_flush(self):
        self.model.apply([])
        self.pfwd(0, "flush")
        expect("what flush leaves", self.foreign.ours(), [])

    def save(self):
        """Also where no forward of an older file is left."""
        self.pfwd(0, "save", "--force", "/run/saved")

    def step_save(self):
        write("/run/saved", ["# mine", *(" ".join(f.words()) + " # its own"
                                         for f in self.model if self.chance(50))])
        self.save()
        with open("/run/saved", encoding="ascii") as file:
            lines = file.read().splitlines()
        expect("first line of the saved file", lines[0], "# mine")
        saved = sorted(sorted(line.split("#")[0].split()) for line in lines[1:])
        expect("saved forwards", saved, sorted(sorted(f.words()) for f in self.model))
        self.diff("/run/saved", False)

    def step_reboot(self):
        self.save()
        before = self.foreign.ours()
        self.pfwd(0, "flush")
        expect("what flush leaves", self.foreign.ours(), [])
        self.pfwd(0, "apply", "/run/saved")
        if BACKEND == "iptables":  # maps have no order, and are chosen by what was there before
            expect("tables after save, flush and apply", self.foreign.ours(), before)
        self.model.conns = dict.fromkeys(self.model, 0)
        self.model.share_counters()

    def step_damage(self):
        """Somebody takes rules of ours away; the next change mends it."""
        self.foreign.damage()
        self.mend()

    def mend(self):
        self.pfwd(0, "add", "none1:9/sctp", "192.168.1.2")
        self.pfwd(0, "del", "none1:9/sctp")

    def step_reload(self):
        """nft saves and loads everything, counters too."""
        if BACKEND == "nftables":
            self.foreign.reload()
            self.mend()

    def step_flush_ruleset(self):
        if BACKEND == "nftables":
            self.pfwd(0, "save", "--force", "/run/saved")
            self.foreign.flush()
            expect("what flush ruleset leaves", self.foreign.ours(), [])
            self.pfwd(0, "apply", "/run/saved")
            self.model.conns = dict.fromkeys(self.model, 0)
            self.model.share_counters()

    STEPS = ((step_add, 40), (step_del, 16), (step_apply, 10), (step_add_for_a_short_time, 2),
             (step_change_the_time, 4), (step_apply_a_bad_file, 2), (step_flush, 1),
             (step_save, 5), (step_reboot, 3), (step_damage, 2), (step_reload, 3),
             (step_flush_ruleset, 2))

    # ---- checks ----

    def check_list(self):
        now = time.time()
        rows = {}
        self.pfwd(0, "list", "-J")
        # alone: between the two halves of somebody's commit all counters of a table are zero
        alone = subprocess.run([PFWD, "list", "-J"], check=True, stdout=subprocess.PIPE)
        for row in json.loads(alone.stdout)["forwards"]:
            key = (row["forward"], row["target"] or "-", row["name"] or "",
                   tuple(sorted((row["options"] or "").split())))
            expect(f"{key} twice", key in rows, False)
            rows[key] = row
        wanted = {}
        for f in self.model:
            spec, target = f.words()[:2]
            wanted[(spec, target, f.name, tuple(sorted(f.options())))] = f
        expect("forwards listed", sorted(rows), sorted(wanted))
        for key, row in rows.items():
            f = wanted[key]
            expect(f"state of {key}", row["state"], f.state(now))
            wanted_conns = None if f.target == "-" else self.model.conns[f]
            if f.target == "-" or wanted_conns is not None:
                expect(f"connections of {key}", row["conns"], wanted_conns)

    def question(self):
        """To a forward, or to where nobody is let in."""
        d = self.dice
        host = d.choice(["client", "client", "stranger", "lan", "gateway"])
        family, proto = d.choice([4, 6]), d.choice(["tcp", "udp"])
        port = d.choice(town.LISTEN if self.chance(70) else town.ANSWER)
        address = self.address(family, host == "gateway") or town.GATEWAY["wan0"][family]
        if self.model.conns and self.chance(65):
            f = d.choice(list(self.model))
            family, proto = f.family, f.proto
            port = min(max(port, f.ports[0]), f.ports[1])
            owned = town.GATEWAY[d.choice(list(town.GATEWAY))][family]
            address = f.address or owned
            if host == "gateway" and address == NOT_OWNED[family]:
                host = "client"
        elif self.chance(25) and host not in ("gateway", "lan"):
            address = town.ADDRESSES[d.choice(["server", "lan"])][family]
        return town.Question(host, proto, address, port)

    def check_traffic(self):
        now = time.time()
        # what a forward began that ended since goes on for as long as conntrack likes
        self.keep(q for q in self.flows if not q.way.forward.expired(now))
        again = [q for q in self.flows if self.chance(40)]
        new = [self.question() for _ in range(QUESTIONS)]
        for q in new + again:
            q.now = self.model.way(q.host, q.proto, q.address, q.port, now)
            q.expected = self.model.answer(q.now, q.host, q.address, q.port)
        for q in again:
            self.expect_again(q)
        town.ask(new + again, PATIENCE, SILENCE)
        for q in new:
            self.check_answer(q, q.answer, q.expected)
            self.count(q.now, 1)
            q.way = q.now
        for q in again:  # which source the target sees was settled when it began
            self.check_answer(q, q.answer.split()[:3], q.expected.split()[:3])
            if q.proto == "udp":
                self.count(q.now, None)  # perhaps a new connection, perhaps not
                q.way = q.now or q.way  # it follows, and goes on if that one ends by time
        self.connections += len(new)
        self.keep(q for q in self.flows + new if q.answer and (q in self.flows or self.chance(15)))

    def expect_again(self, q):
        """TCP stays with the forward that began it, UDP follows those there are."""
        same = (q.now and (q.now.forward.target, q.now.forward.to_port(q.port)) ==
                (q.way.forward.target, q.way.forward.to_port(q.port)))
        if same or q.proto == "tcp":
            q.expected = q.answer

    def check_answer(self, q, answer, expected):
        if q.now and q.now.forward.until == self.ends and time.time() > self.ends - 0.1:
            self.count(q.now, None)  # too slow to tell
        else:
            expect(f"{q}, {q.now}: answer", answer, expected)

    def count(self, way, more):
        if way and self.model.conns[way.forward] is not None:
            self.model.conns[way.forward] = more and self.model.conns[way.forward] + more

    def keep(self, questions):
        """Those flows, and none of the rest; no TCP whose forward is gone."""
        kept = [q for q in questions if q.proto == "udp" or q.way.forward in self.model]
        self.flows = kept[-FLOWS_MAX:]

    # ---- connections ----

    def rows(self, *options):
        text = self.pfwd(0, "conns", "-J", "-o", "+NAME", *options)
        return {(row["proto"], row["client"], row["via"]): row
                for row in json.loads(text)["conns"]}

    def row_of(self, rows, q):
        family = 6 if ":" in q.address else 4
        client = q.address if q.host == "gateway" else town.ADDRESSES[q.host][family]
        return rows.get((q.proto, f"{bracketed(client)}:{q.own_port}",
                         f"{bracketed(q.address)}:{q.port}"))

    def able(self, q):
        """conntrack knows no interface: another forward that sends it there is as good."""
        f = q.way.forward
        return {g.spec() for g in self.model if (g.proto, g.target) == (f.proto, f.target) and
                g.address in (q.address, "") and g.ports[0] <= q.port <= g.ports[1] and
                g.to_port(q.port) == f.to_port(q.port)}

    def check_conns(self):
        rows = self.rows()
        specs = {f.spec() for f in self.model}
        for key, row in rows.items():
            expect(f"{key}: {row['forward']} is a forward", row["forward"] in specs, True)
        for q in self.flows:
            f = q.way.forward
            if q.proto == "udp" or f not in self.model:
                continue
            row = self.row_of(rows, q)
            expect(f"{q}, {q.way}: is shown", row is not None, True)
            expect(f"{q}, {q.way}: {row['forward']} is its forward",
                   row["forward"] in self.able(q), True)
            addr, port = q.answer.split()[1:3]
            expect(f"{q}: target", row["target"], f"{bracketed(addr)}:{port}")

    # ---- all of it ----

    def step(self):
        self.said = []
        if self.ends:
            time.sleep(max(0, self.ends + 1.1 - time.time()))
            self.ends = 0
        steps, weights = zip(*self.STEPS)
        room = len(self.model.conns) < FORWARDS_MAX
        step = self.dice.choices(steps, weights)[0] if room else Soak.step_flush
        step(self)
        self.check_list()
        expect("rules of others", self.foreign.theirs(), self.foreign.rules)
        self.check_traffic()
        if self.chance(30):
            self.check_conns()

    def run(self):
        begun, told = time.monotonic(), 0
        while time.monotonic() - begun < SECONDS:
            self.step()
            self.steps += 1
            if time.monotonic() - told > 60:
                told = time.monotonic()
                print(f"{told - begun:5.0f} s: {self.steps} steps, {self.connections} attempts "
                      f"to connect, {len(self.model.conns)} forwards now", flush=True)


def main():
    print(f"BACKEND={BACKEND} SOAK_SEED={SEED} SOAK_SECONDS={SECONDS}", flush=True)
    town.build()
    soak = Soak()
    soak.foreign.build()
    failed = 0
    try:
        soak.run()
    except Wrong as wrong:
        failed = 1
        print(f"step {soak.steps + 1} of BACKEND={BACKEND} SOAK_SEED={SEED}: {wrong}")
        print("in this step:", *soak.said, sep="\n  ")
        print("forwards:", *(" ".join(f.words()) for f in soak.model), sep="\n  ")
    finally:
        town.raze()
    print(f"{soak.connections} attempts to connect")
    print(f"{soak.steps} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(main())
