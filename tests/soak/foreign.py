# SPDX-License-Identifier: GPL-2.0-or-later
"""The other user of the tables: random rules by iptables and ip6tables, or by nft, that no packet of
the town meets, and whether they are still as they were made. Also who else is let in: only what a
forward translates."""
import re
import subprocess

TOOLS = {"iptables-legacy": 4, "ip6tables-legacy": 6}
CHAINS = (("filter", "THEIRS"), ("filter", "INPUT"), ("filter", "FORWARD"), ("filter", "OUTPUT"),
          ("nat", "THEIRS"), ("nat", "PREROUTING"), ("nat", "POSTROUTING"), ("nat", "OUTPUT"))
RULES_MAX = 8  # of a chain
REJECT = {4: "REJECT --reject-with icmp-port-unreachable",
          6: "REJECT --reject-with icmp6-port-unreachable"}
DNAT = {4: "DNAT --to-destination 10.9.9.9:70", 6: "DNAT --to-destination [fd00:9::9]:70"}


def run(*words):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


IPTABLES_GUARD = """
ip6tables-legacy -A INPUT -p icmpv6 -j ACCEPT; ip6tables-legacy -A FORWARD -p icmpv6 -j ACCEPT
for t in iptables-legacy ip6tables-legacy; do
  $t -P INPUT DROP; $t -P FORWARD DROP
  $t -t raw -A PREROUTING -i opt0 -j CT --zone-orig 5
done
"""


class Iptables:
    def __init__(self, dice):
        self.dice = dice
        self.rules = {}  # (tool, table, chain): list of (counters, rule)

    def build(self):
        run("sh", "-c", IPTABLES_GUARD)
        for tool in TOOLS:
            for table, chain in CHAINS:
                self.rules[tool, table, chain] = []
                if chain == "THEIRS":
                    run(tool, "-t", table, "-N", chain)

    def random_rule(self, family, table, chain):
        d = self.dice
        number = d.randrange(1, 250)
        rule = f"-s 10.9.3.{number}/32" if family == 4 else f"-s fd00:9::{number:x}/128"
        if d.random() < 0.5:
            rule += f" -p tcp -m tcp --dport {d.randrange(1, 65536)}"
        if d.random() < 0.3:
            rule += f' -m comment --comment "theirs {number}"'
        targets = ["ACCEPT", "RETURN"]
        if table == "filter":
            targets += ["DROP", REJECT[family], 'LOG --log-prefix "theirs "']
        elif chain == "PREROUTING" and "tcp" in rule:
            targets = [DNAT[family]]
        elif chain == "POSTROUTING":
            targets = ["MASQUERADE", "ACCEPT"]
        return f"{rule} -j {d.choice(targets)}"

    def change(self, percent=30):
        """Perhaps one change, by iptables itself. What it said."""
        d = self.dice
        if d.random() * 100 >= percent:
            return []
        tool = d.choice(list(TOOLS))
        table, chain = d.choice(CHAINS)
        rules = self.rules[tool, table, chain]
        if rules and (len(rules) == RULES_MAX or d.random() < 0.4):
            counters, rule = rules.pop(d.randrange(len(rules)))
            words = ["-D", chain]
        else:
            counters = (d.randrange(1000), d.randrange(100000))
            rule = self.random_rule(TOOLS[tool], table, chain)
            if rule in (r for _, r in rules):
                return []
            at = d.choice([0, len(rules)])
            words = ["-I" if at == 0 else "-A", chain]
            rules.insert(at, (counters, rule))
        shell = f"{tool} -w 20 -t {table} {' '.join(words)} {rule}"
        if words[0] != "-D":
            shell += f" -c {counters[0]} {counters[1]}"
        run("sh", "-c", shell)
        return [shell]

    def tables(self):
        """Both families, as (tool, table, line)."""
        lines = []
        for tool in TOOLS:
            table = None
            for line in run(f"{tool}-save", "-c").splitlines():
                if line.startswith("*"):
                    table = line[1:]
                elif line[0] in ":[":
                    lines.append((tool, table, line))
        return lines

    def damage(self):
        """Empty a chain of pfwd's."""
        run("sh", "-c", "for t in iptables-legacy ip6tables-legacy; do "
            "! $t -n -L PFWD >/dev/null 2>&1 || $t -w 10 -F PFWD; done")

    def ours(self):
        """pfwd's chains and rules, without counters."""
        return [(tool, table, line.split("] ")[1] if line[0] == "[" else line.split()[0])
                for tool, table, line in self.tables() if "PFWD" in line]

    def theirs(self):
        """As self.rules, from the kernel."""
        found = {key: [] for key in self.rules}
        for tool, table, line in self.tables():
            if line[0] != "[" or "PFWD" in line or "icmpv6" in line or "ipv6-icmp" in line \
                    or "-j CT" in line:
                continue
            counters, _, chain, rule = line.split(" ", 3)
            found.setdefault((tool, table, chain), []).append(
                (tuple(int(n) for n in counters[1:-1].split(":")), rule))
        return found


# ---- nft ----

NFT_CHAINS = {"plain": "",
              "prerouting": "type nat hook prerouting priority dstnat;",
              "postrouting": "type nat hook postrouting priority srcnat;",
              "input": "type filter hook input priority filter;",
              "forward": "type filter hook forward priority filter;",
              "output": "type filter hook output priority filter;"}
# which pfwd opens for its own connections
NFT_GUARD = """
table inet guard {
  chain zones { type filter hook prerouting priority raw; iifname opt0 ct original zone set 5; }
  chain let_in { ct state established,related accept; meta l4proto ipv6-icmp accept; }
  chain input { type filter hook input priority filter; policy drop; jump let_in; }
  chain forward { type filter hook forward priority filter; policy drop; jump let_in; }
}
"""


class Nft:
    def __init__(self, dice):
        self.dice = dice
        self.rules = {}  # (family, chain): list of rules, as nft prints them

    def build(self):
        load(NFT_GUARD)
        for family in ("ip", "ip6"):
            for chain, hook in NFT_CHAINS.items():
                load(f"add table {family} theirs\n"
                     f"add chain {family} theirs {chain} {{ {hook} }}")
                self.rules[family, chain] = []

    def random_rule(self, family, chain):
        d = self.dice
        number = d.randrange(1, 250)
        rule = f"ip saddr 10.9.3.{number}" if family == "ip" else f"ip6 saddr fd00:9::{number:x}"
        tcp = d.random() < 0.5
        if tcp:
            rule += f" tcp dport {d.randrange(1, 65536)}"
        rule += f" counter packets {d.randrange(1000)} bytes {d.randrange(100000)}"
        verdicts = ["accept", "return"]
        if chain in ("input", "forward", "output"):
            verdicts += ["drop", 'log prefix "theirs "']
        elif chain == "prerouting" and tcp:
            verdicts = ["dnat to 10.9.9.9:70" if family == "ip" else "dnat to [fd00:9::9]:70"]
        elif chain == "postrouting":
            verdicts = ["masquerade", "accept"]
        comment = f' comment "theirs {number}"' if d.random() < 0.3 else ""
        return f"{rule} {d.choice(verdicts)}{comment}"

    def change(self, percent=30):
        """Perhaps one change, by nft. What it said."""
        d = self.dice
        if d.random() * 100 >= percent:
            return []
        family, chain = d.choice(list(self.rules))
        rules = self.rules[family, chain]
        if rules and (len(rules) == RULES_MAX or d.random() < 0.4):
            at = d.randrange(len(rules))
            rules.pop(at)
            handles = re.findall(r" saddr .*# handle (\d+)",
                                 run("nft", "-a", "list", "chain", family, "theirs", chain))
            command = f"delete rule {family} theirs {chain} handle {handles[at]}"
        else:
            rule = self.random_rule(family, chain)
            word = d.choice(["add", "insert"])
            rules.insert(len(rules) if word == "add" else 0, rule)
            command = f"{word} rule {family} theirs {chain} {rule}"
        load(command)
        return ["nft " + command]

    def damage(self):
        """Take rules out of pfwd's table; the elements of its maps stay."""
        if not self.ours():
            return
        chain, handles = "", []
        for line in run("nft", "-a", "list", "table", "inet", "pfwd").splitlines():
            words = line.split()
            if words[:1] == ["chain"]:
                chain = words[1]
            elif chain and "# handle" in line:
                handles.append(f"{chain} handle {words[-1]}")
        load(self.dice.choice(["flush table inet pfwd",
                               f"delete rule inet pfwd {self.dice.choice(handles)}"]))

    def reload(self):
        """Save the whole ruleset and load it, as a service does that is started again."""
        load("flush ruleset\n" + run("nft", "list", "ruleset"))

    def flush(self):
        """Take away all but the guard and what is theirs."""
        load("flush ruleset\n" + "".join(run("nft", "list", "table", *table.split())
                                         for table in ("inet guard", "ip theirs", "ip6 theirs")))

    def ours(self):
        """The lines of pfwd's table, without counters."""
        if "table inet pfwd\n" not in run("nft", "list", "tables"):
            return []
        return run("nft", "-s", "list", "table", "inet", "pfwd").splitlines()

    def theirs(self):
        """As self.rules, from the kernel."""
        found = {key: [] for key in self.rules}
        for family in ("ip", "ip6"):
            chain = ""
            for line in run("nft", "list", "table", family, "theirs").splitlines():
                words = line.split()
                chain = words[1] if words[:1] == ["chain"] else chain
                if " saddr " in line:
                    found[family, chain].append(line.strip())
        return found


def load(text):
    subprocess.run(["nft", "-f", "-"], input=text, check=True, text=True)


USERS = {"iptables": Iptables, "nftables": Nft}
