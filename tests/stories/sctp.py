#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# The beginning of an SCTP association over raw sockets, where the kernel has no SCTP of its own:
# send an INIT (RFC 9260, 3.3.2), or wait for one and say where it came to, or answer it (3.3.3).
import socket
import struct
import sys

SCTP = 132


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def packet(ports, tag, chunk_type):
    chunk = struct.pack("!BBHIIHHI", chunk_type, 0, 20, 1234, 65535, 1, 1, 1)
    head = struct.pack("!HHI", *ports, tag)
    return head + struct.pack("<I", crc32c(head + b"\0\0\0\0" + chunk)) + chunk


def send(family, address, port):
    init = packet((40000, port), 0, 1)
    socket.socket(family, socket.SOCK_RAW, SCTP).sendto(init, (address, 0))


def wait(family, answers):
    s = socket.socket(family, socket.SOCK_RAW, SCTP)
    s.settimeout(3)
    print("ready", flush=True)
    data, peer = s.recvfrom(2000)
    start = (data[0] & 15) * 4 if family == socket.AF_INET else 0
    theirs, ours = struct.unpack("!HH", data[start:start + 4])
    print("port", ours, "from", peer[0], flush=True)
    if answers:
        s.sendto(packet((ours, theirs), 1234, 2), (peer[0], 0))


if __name__ == "__main__":
    inet = socket.AF_INET6 if sys.argv[2] == "6" else socket.AF_INET
    if sys.argv[1] == "send":
        send(inet, sys.argv[3], int(sys.argv[4]))
    else:
        wait(inet, sys.argv[1] == "answer")
