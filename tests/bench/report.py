#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Turn what the bench measured into a table and a chart: report.py DIRECTORY CHART.

The middle of a line's ratios is the ratio of the medians; what stands in brackets are the quartiles
of the ratios round by round, which tell how noisy the machine was.
"""
import collections
import datetime
import math
import os
import platform
import statistics
import sys

NAMES = {
    "iptables": "iptables, flat chains",
    "pfwd": "pfwd, legacy tables",
    "nftables": "pfwd, nf_tables",
    "nft": "nft map",
}
COLOURS = {"iptables": "#c0392b", "pfwd": "#1f6feb", "nftables": "#8250df", "nft": "#6e7781"}


def read(directory):
    samples = collections.defaultdict(lambda: collections.defaultdict(list))
    with open(f"{directory}/samples", encoding="utf-8") as file:
        for line in file:
            row, side, value = line.split()
            samples[row][side].append(float(value))
    with open(f"{directory}/rows", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    with open(f"{directory}/notes", encoding="utf-8") as file:
        notes = list(dict.fromkeys(line.strip() for line in file))
    return rows, samples, notes


# ---- table ----


def words(value, unit):
    if unit == "count":
        return f"{value:,.0f}"
    steps = {
        "ns": [(1e9, "s"), (1e6, "ms"), (1e3, "µs")],
        "bytes": [(1 << 20, "MiB"), (1 << 10, "KiB"), (1, "bytes")],
        "rate": [(125e6, "Gbit/s"), (125e3, "Mbit/s")],
    }[unit]
    size, name = next((s for s in steps if value >= s[0]), steps[-1])
    return f"{value / size:.3g} {name}" if value < 1000 * size else f"{value / size:.0f} {name}"


def ratio_words(ratio):
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def spread(ours, theirs):
    if len(ours) != len(theirs) or len(ours) < 3:
        return ""
    low, _, high = statistics.quantiles([a / b for a, b in zip(ours, theirs)], method="inclusive")
    return f" ({ratio_words(low)}–{ratio_words(high)})"


def meets(target, value, ratio):
    kind, limit = ("value", target[len("value"):]) if target.startswith("value") else ("", target)
    found = value if kind else ratio
    if found is None:
        return None
    number = float(limit[2:])
    return found <= number if limit.startswith("<=") else found >= number


def target_words(target, unit):
    if target == "-":
        return "–"
    limit = target.removeprefix("value")
    number = words(float(limit[2:]), unit) if target.startswith("value") else limit[2:]
    return ("≤ " if limit.startswith("<=") else "≥ ") + number


def line(row, samples):
    name, unit, target, what, against = row
    ours, theirs = samples[name]["pfwd"], samples[name]["peer"]
    value = statistics.median(ours) if ours else None
    peer = statistics.median(theirs) if theirs else None
    ratio = value / peer if ours and peer else None
    met = None if target == "-" else meets(target, value, ratio)
    return [
        what,
        "–" if against == "-" else against,
        words(value, unit) if ours else "not measured",
        words(peer, unit) if theirs else "–",
        ratio_words(ratio) + spread(ours, theirs) if ratio is not None else "–",
        target_words(target, unit),
        {None: "–", True: "yes", False: "**no**"}[met],
    ]


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [text.split(":")[1].strip() for text in file if text.startswith("model name")]
    return f"{len(names)} × {names[0]}" if names else f"{os.cpu_count()} × {platform.machine()}"


def print_table(rows, samples, notes):
    scale = os.environ.get("BENCH_SCALE", "1")
    print(f"{processor()}, Linux {platform.release()}, {datetime.date.today()};", end=" ")
    print(f"medians of {os.environ.get('BENCH_ROUNDS', '?')} rounds.")
    if scale != "1":
        print(f"\n**Sizes divided by {scale}**: the targets are for the full ones.")
    print("\n| what | against | pfwd | peer | ratio | target | met? |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(line(row, samples)) + " |")
    if notes:
        print()
    for note in notes:
        print(f"- {note}")


# ---- chart ----

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 210, 50, 55


def log_scale(low, high, start, end):
    span = math.log(high / low) or 1.0
    return lambda value: start + (end - start) * math.log(value / low) / span


def curves(samples):
    found = collections.defaultdict(list)
    for name, sides in samples.items():
        if name.startswith("chart-"):
            _, tool, size = name.split("-")
            found[tool].append((int(size), statistics.median(sides["pfwd"]) / 1000))
    return {tool: sorted(found[tool]) for tool in NAMES if tool in found}


def text(x, y, words_, anchor="middle", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{words_}</text>'


def axes(sizes, x, y, ticks):
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    out = []
    for tick in ticks:
        out.append(f'<path d="M{LEFT} {y(tick):.1f}H{right}" stroke="#d0d7de"/>')
        out.append(text(LEFT - 8, y(tick) + 4, f"{tick:,} µs", "end"))
    for size in sizes:
        out.append(f'<path d="M{x(size):.1f} {bottom}v5" stroke="#57606a"/>')
        out.append(text(x(size), bottom + 20, f"{size:,}"))
    out.append(f'<path d="M{LEFT} {bottom}H{right}" stroke="#57606a"/>')
    out.append(text((LEFT + right) / 2, HEIGHT - 12, "number of forwards"))
    return out


def labels(lines, y):
    """Where the names go at the ends of the lines: not one upon another."""
    placed = {}
    last = None
    for tool in sorted(lines, key=lambda name: y(lines[name][-1][1])):
        at = y(lines[tool][-1][1]) + 4
        last = at if last is None else max(at, last + 16)
        placed[tool] = last
    return placed


def draw(lines, path):
    sizes = sorted({size for points in lines.values() for size, _ in points})
    values = [value for points in lines.values() for _, value in points]
    ticks = [t for t in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)]
    low = max(t for t in ticks if t <= min(values) / 1.5)  # not on the axis itself
    high = min(t for t in ticks if t >= max(values))
    x = log_scale(sizes[0], sizes[-1], LEFT, WIDTH - RIGHT)
    y = log_scale(low, high, HEIGHT - BOTTOM, TOP)
    names = labels(lines, y)
    out = [
        "<!-- SPDX-License-Identifier: GPL-2.0-or-later; drawn by make bench -->",
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12" '
        'fill="#24292f">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        text(LEFT, 26, "A new TCP connection through the last of N forwards (median)", "start",
             ' font-size="15" font-weight="bold"'),
    ]
    out += axes(sizes, x, y, [t for t in ticks if low <= t <= high])
    for tool, points in lines.items():
        place = " ".join(f"{x(size):.1f},{y(value):.1f}" for size, value in points)
        colour = COLOURS[tool]
        out.append(f'<polyline points="{place}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for size, value in points:
            out.append(f'<circle cx="{x(size):.1f}" cy="{y(value):.1f}" r="3" fill="{colour}"/>')
        out.append(text(x(points[-1][0]) + 10, names[tool],
                        f"{NAMES[tool]}: {points[-1][1]:,.0f} µs", "start",
                        f' style="fill:{colour}"'))
    out.append("</svg>")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")


def main():
    directory, chart = sys.argv[1:]
    rows, samples, notes = read(directory)
    lines = curves(samples)
    if lines:
        draw(lines, chart)
        notes.append(f"chart: {os.path.normpath(chart)}")
    print_table(rows, samples, notes)


main()
