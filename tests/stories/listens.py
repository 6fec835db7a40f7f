# SPDX-License-Identifier: GPL-2.0-or-later
"""Listen on each [ADDR]:PORT[/udp|/only|/INTERFACE], say "ready" and wait to be killed."""
import os, signal, socket, sys

held = []
for word in sys.argv[1:]:
    where, _, how = word.partition("/")
    addr, _, port = where.rpartition(":")
    family = socket.AF_INET6 if addr.startswith("[") else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM if how == "udp" else socket.SOCK_STREAM)
    if how == "only":
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    elif how and how != "udp":
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, how.encode())
    s.bind((addr.strip("[]"), int(port)))
    if how != "udp":
        s.listen()
    held.append(s)
print("ready", os.getpid(), flush=True)
signal.pause()
