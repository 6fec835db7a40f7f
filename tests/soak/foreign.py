# SPDX-License-Identifier: GPL-2.0-or-later
"""The other user of the tables: random rules by iptables and ip6tables that no packet of the town
meets, and whether they are still as they were made."""
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


class Foreign:
    def __init__(self, dice):
        self.dice = dice
        self.rules = {}  # (tool, table, chain): list of (counters, rule)

    def build(self):
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

    def ours(self):
        """pfwd's chains and rules, without counters."""
        return [(tool, table, line.split("] ")[1] if line[0] == "[" else line.split()[0])
                for tool, table, line in self.tables() if "PFWD" in line]

    def theirs(self):
        """As self.rules, from the kernel."""
        found = {key: [] for key in self.rules}
        for tool, table, line in self.tables():
            if line[0] != "[" or "PFWD" in line or "icmpv6" in line or "ipv6-icmp" in line:
                continue
            counters, _, chain, rule = line.split(" ", 3)
            found.setdefault((tool, table, chain), []).append(
                (tuple(int(n) for n in counters[1:-1].split(":")), rule))
        return found
