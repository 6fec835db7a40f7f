# SPDX-License-Identifier: GPL-2.0-or-later
"""What pfwd promises, written again from the contract and without a look at its code: which
forwards may stand beside each other, who is forwarded to where, and what the target sees.

Interfaces, addresses and networks are prefixes here: strings of which one is inside another where
it begins with it. "" is any."""
import ipaddress
import os
from dataclasses import dataclass, replace

from town import ADDRESSES, GATEWAY, INTERFACE_OF

NO_INTERFACE = "none0"  # none is called so


def bits(network):
    """The leading bits of an address or a network; "" for none."""
    if not network:
        return ""
    n = ipaddress.ip_network(network)
    return f"{int(n.network_address):0{n.max_prefixlen}b}"[:n.prefixlen]


def interface_prefix(name):
    return name[:-1] if name.endswith("+") else name and name + "$"


def bracketed(address):
    return f"[{address}]" if ":" in address else address


def ports_text(ports):
    return f"{ports[0]}-{ports[1]}" if ports[0] != ports[1] else str(ports[0])


@dataclass(frozen=True)
class Forward:
    family: int
    proto: str
    interface: str  # "" is any
    address: str    # "" is any of this host
    ports: tuple    # first and last
    target: str     # "" is this host itself, "-" nobody: what matches is not forwarded
    to: tuple       # its ports: as many, or one
    name: str = ""
    client_net: str = ""
    masquerade: bool = False
    snat: str = ""
    hairpin: str = ""  # the network
    local: bool = False
    until: int = 0  # seconds since 1970

    def spec(self):
        at = "@" + bracketed(self.address) if self.address else ""
        return f"{self.interface or '*'}{at}:{ports_text(self.ports)}/{self.proto}"

    def options(self):
        """All except the name."""
        words = []
        if self.family == 6 and self.target in ("", "-") and not self.address:
            words.append("-6")
        words += ["--from", self.client_net] if self.client_net else []
        words += ["--masquerade"] if self.masquerade else []
        words += ["--snat", self.snat] if self.snat else []
        words += [f"--hairpin={self.hairpin}"] if self.hairpin else []
        words += ["--local"] if self.local else []
        return words + (["--until", zulu(self.until)] if self.until else [])

    def words(self):
        """As after `pfwd add`, and as a line of a file."""
        name = ["--name", self.name] if self.name else []
        target = f"{bracketed(self.target)}:{ports_text(self.to)}"
        return [self.spec(), "-" if self.target == "-" else target, *name, *self.options()]

    def to_port(self, port):
        return self.to[0] + (port - self.ports[0] if self.to[0] != self.to[1] else 0)

    def expired(self, now):
        return bool(self.until) and self.until <= now

    def state(self, now):
        if self.expired(now):
            return "expired"
        return "blocked" if self.interface == NO_INTERFACE and self.target != "-" else "active"


def zulu(seconds):
    import time
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


# ---- overlap ----

def inside(a, b):
    """Of two boxes: prefixes, and a range of ports as the last."""
    return (all(x.startswith(y) for x, y in zip(a[:-1], b[:-1])) and
            b[-1][0] <= a[-1][0] and a[-1][1] <= b[-1][1])


def overlap(a, b):
    return (all(x.startswith(y) or y.startswith(x) for x, y in zip(a[:-1], b[:-1])) and
            a[-1][0] <= b[-1][1] and b[-1][0] <= a[-1][1])


def clash(a, b):
    return overlap(a, b) and (a == b or not (inside(a, b) or inside(b, a)))


def proper_box(f):
    return (interface_prefix(f.interface), bits(f.address), bits(f.client_net), f.ports)


def hairpin_box(f):
    return (bits(f.address), bits(f.hairpin), f.ports)


def local_box(f):
    return (bits(f.address), f.ports)


def same_place(a, b):
    both = range(max(a.ports[0], b.ports[0]), min(a.ports[1], b.ports[1]) + 1)
    return a.target == b.target and (a.target == "-" or
                                     all(a.to_port(p) == b.to_port(p) for p in both))


def conflict(a, b):
    if (a.family, a.proto) != (b.family, b.proto) or a == b:
        return False
    additions = ((a.hairpin and b.hairpin and clash(hairpin_box(a), hairpin_box(b))) or
                 (a.local and b.local and clash(local_box(a), local_box(b))))
    return clash(proper_box(a), proper_box(b)) or bool(additions and not same_place(a, b))


def add_alike(a, b):
    """Whether an option of both sends the same packets to the same place."""
    return a != b and (a.family, a.proto) == (b.family, b.proto) and same_place(a, b) and (
        a.local and b.local and local_box(a) == local_box(b) or
        a.hairpin and b.hairpin and hairpin_box(a) == hairpin_box(b))


# ---- who is forwarded ----

def narrowest(forwards, box):
    """Those that match one packet lie one in another."""
    return min(forwards, default=None, key=lambda f: sum(inside(box(g), box(f)) for g in forwards))


@dataclass(frozen=True)
class Way:
    """What becomes of a packet: forwarded by that forward, as one proper, hairpin or local."""
    forward: Forward
    role: str


def way_of(forward, role):
    return Way(forward, role) if forward and forward.target != "-" else None


class Model:
    def __init__(self):
        self.conns = {}  # Forward: how many connections, or None where that is not known

    def __iter__(self):
        return iter(self.conns)

    # what commands do: True, or False and nothing is changed

    def add(self, asked, now, over=False):
        after = dict(self.conns)
        for f in asked:
            others = [g for g in after if conflict(f, g) and replace(g, until=f.until) != f]
            if not over and not all(g.expired(now) for g in others):
                return False
            for g in others:
                del after[g]
            twins = [g for g in after if replace(g, until=f.until) == f]
            after[f] = after.pop(twins[0]) if twins else 0
        self.conns = after
        self.share_counters()
        return True

    def share_counters(self):
        """One rule of --local or --hairpin serves those that differ in other respects alone."""
        for f in self:
            if any(add_alike(f, g) for g in self):
                self.conns[f] = None

    def remove(self, selected):
        gone = [f for f in self if selected(f)]
        for f in gone:
            del self.conns[f]
        return gone

    def apply(self, wanted):
        self.conns = {f: self.conns.get(f, 0) for f in wanted}
        self.share_counters()

    # what packets meet

    def way(self, host, proto, address, port, now):
        family = 6 if ":" in address else 4
        here = next((i for i, both in GATEWAY.items() if both[family] == address), None)
        source = bits(address if host == "gateway" else ADDRESSES[host][family])
        matching = [f for f in self
                    if f.family == family and f.proto == proto and not f.expired(now) and
                    f.ports[0] <= port <= f.ports[1] and
                    (f.address == address if f.address else here)]
        if host == "gateway":
            return way_of(narrowest([f for f in matching if f.local], local_box), "local")
        interface = INTERFACE_OF[host]
        comes_in = interface + "$"
        proper = [f for f in matching if comes_in.startswith(interface_prefix(f.interface)) and
                  source.startswith(bits(f.client_net))]
        if proper:
            return way_of(narrowest(proper, proper_box), "proper")
        hairpin = [f for f in matching if f.hairpin and source.startswith(bits(f.hairpin)) and
                   (f.address or here != interface and not (
                       f.interface and comes_in.startswith(interface_prefix(f.interface))))]
        return way_of(narrowest(hairpin, hairpin_box), "hairpin")

    def answer(self, way, host, address, port):
        """What the program behind says, "" where nobody may answer."""
        if not way:
            return ""
        f, family = way.forward, way.forward.family
        source = address if host == "gateway" else ADDRESSES[host][family]
        if not f.target:
            return f"gateway {address} {f.to_port(port)} {source}"
        seen = source
        # a program of the gateway is no client of --hairpin: in the legacy tables its source is
        # translated all the same, where it is an address of that network
        local = way.role == "local" and os.environ.get("BACKEND") == "nftables"
        if f.hairpin and not local and bits(source).startswith(bits(f.hairpin)):
            seen = GATEWAY["lan0"][family]
        if way.role != "hairpin" and (f.masquerade or f.snat):
            seen = f.snat or GATEWAY["lan0"][family]
        if seen == source and INTERFACE_OF.get(host) == "lan0":
            return ""  # the target answers its neighbour directly, who did not ask it
        behind = next(h for h in ("server", "lan") if ADDRESSES[h][family] == f.target)
        return f"{behind} {f.target} {f.to_port(port)} {seen}"
