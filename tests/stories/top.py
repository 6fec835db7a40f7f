# SPDX-License-Identifier: GPL-2.0-or-later
# usage: top.py INTERFACE_IN INTERFACE_OUT <LINES
# Lines of `pfwd top -J -o +BYTES-IN,BYTES-OUT` against what an interface counted meanwhile, without
# the headers of Ethernet. The rates, each times its interval, must add up to that within 2 %, and no
# total may ever fall. Prints both, and fails where they do not.
import json
import sys

rows = [row for row in map(json.loads, sys.stdin) if row["forward"] == "total"]
failed = False
for way, counted in (("in", int(sys.argv[1])), ("out", int(sys.argv[2]))):
    summed = sum((row[way + "/s"] or 0) * (row["interval"] or 0) for row in rows)
    totals = [row["bytes-" + way] or 0 for row in rows]
    print(way, "interface", counted, "rates", round(summed), "total", totals[-1])
    failed |= abs(summed - counted) > 0.02 * counted or abs(totals[-1] - counted) > 0.02 * counted
    failed |= totals != sorted(totals) or counted == 0
sys.exit(failed)
