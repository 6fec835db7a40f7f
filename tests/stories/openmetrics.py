# SPDX-License-Identifier: GPL-2.0-or-later
# usage: openmetrics.py [--old] [NAME{LABEL="VALUE",...}...] <TEXT
# Read OpenMetrics 1.0 text as strictly as its specification allows, and print the value of each
# sample that has that name and at least these labels; a fault ends it with a message. --old: as the
# older text format of Prometheus, in which the textfile collector of node_exporter reads it.
import re
import sys

TYPES = "unknown gauge counter stateset info histogram gaugehistogram summary".split()
OLD_TYPES = "counter gauge histogram summary untyped".split()
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)?\}})? (-?[0-9]+(?:\.[0-9]+)?|NaN|[+-]Inf)")


def fail(number, line, why):
    sys.exit(f"line {number}: {why}: {line}")


def labels_of(text):
    pairs = re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"', text or "")
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError("a label twice")
    unescape = {'\\"': '"', "\\\\": "\\", "\\n": "\n"}
    return {n: re.sub(r'\\["\\n]', lambda m: unescape[m[0]], v) for n, v in pairs}


class Family:
    def __init__(self, name):
        self.name, self.type, self.told, self.last = name, "unknown", set(), None


def parse_comment(number, line, family, seen):
    match = re.fullmatch(rf"# (HELP|TYPE|UNIT) ({NAME})(?: (.*))?", line)
    if not match:
        fail(number, line, "no descriptor")
    what, name, rest = match.groups()
    if family is None or family.name != name:
        if name in seen:
            fail(number, line, "a family in two places")
        seen.add(name)
        family = Family(name)
    if what in family.told:
        fail(number, line, f"{what} twice")
    if family.last is not None:
        fail(number, line, f"{what} behind a sample")
    family.told.add(what)
    if what == "TYPE":
        if rest not in TYPES:
            fail(number, line, "no such type")
        family.type = rest
    if what == "UNIT" and rest and not name.endswith("_" + rest):
        fail(number, line, "the name does not end with its unit")
    if what == "HELP" and re.search(r'\\(?![\\n"])', rest or ""):
        fail(number, line, "a backslash in the help")
    return family


def parse(text):
    if not text.endswith("# EOF\n"):
        sys.exit("it does not end with # EOF")
    family, seen, samples = None, set(), {}
    for number, line in enumerate(text.split("\n")[:-2], 1):
        if line == "" or line == "# EOF":
            fail(number, line, "not in the middle")
        if line.startswith("#"):
            family = parse_comment(number, line, family, seen)
            continue
        match = SAMPLE.fullmatch(line)
        if not match:
            fail(number, line, "no sample")
        name, labels, value = match.groups()
        suffix = {"counter": "_total", "info": "_info"}.get(family.type if family else "", "")
        if family is None or name != family.name + suffix:
            fail(number, line, "a sample of no family, or of another one")
        try:
            key = (name, tuple(sorted(labels_of(labels).items())))
        except ValueError as e:
            fail(number, line, e)
        if key in samples:
            fail(number, line, "a sample twice")
        if family.type == "counter" and (float(value) < 0 or value == "NaN"):
            fail(number, line, "a counter below 0")
        family.last = key
        samples[key] = value
    for name in seen:
        for other in seen:
            if other in (name + "_total", name + "_created", name + "_info"):
                sys.exit(f"{other} clashes with {name}")
    return samples


def parse_old(text):
    typed, samples = {}, {}
    for number, line in enumerate(text.split("\n")[:-1], 1):
        if match := re.fullmatch(rf"# TYPE ({NAME}) (.*)", line):
            if match[2] not in OLD_TYPES or match[1] in typed:
                fail(number, line, "no such type, or twice")
            typed[match[1]] = match[2]
        elif not line.startswith("#"):
            match = SAMPLE.fullmatch(line)
            if not match:
                fail(number, line, "no sample")
            samples[(match[1], tuple(sorted(labels_of(match[2]).items())))] = match[3]
    return samples


def main():
    words = sys.argv[1:]
    old = words[:1] == ["--old"]
    text = sys.stdin.buffer.read().decode("utf-8")
    samples = parse_old(text) if old else parse(text)
    for wanted in words[old:]:
        name, labels = re.fullmatch(r"([^{]*)(?:\{(.*)\})?", wanted).groups()
        asked = labels_of(labels).items()
        for (n, have), value in samples.items():
            if n == name and asked <= dict(have).items():
                print(value)


main()
