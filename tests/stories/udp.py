# SPDX-License-Identifier: GPL-2.0-or-later
"""A datagram to each of COUNT ports of ADDR from FIRST on: as many flows."""
import socket
import sys

addr, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for port in range(first, first + count):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.sendto(b"x", (addr, port))
