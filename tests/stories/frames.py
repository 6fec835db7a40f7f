# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames as no honest host would send them: each line of standard input, HOST KIND SRC SPORT DST
DPORT, becomes one out of eth0 in that namespace. KIND is syn, ack or udp; arguments are HOST=MAC, the
Ethernet addresses that the namespaces send to."""
import ctypes
import ipaddress
import os
import socket
import struct
import sys

FLAGS = {"syn": 0x02, "ack": 0x10}


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def segment(kind, sport, dport):
    """The transport's header and data, and where its checksum is."""
    if kind == "udp":
        return struct.pack("!HHHH4s", sport, dport, 12, 0, b"open"), 6
    return struct.pack("!HHIIBBHHH", sport, dport, 1, 1, 0x50, FLAGS[kind], 1024, 0, 0), 16


def packet(kind, source, sport, destination, dport):
    src, dst = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    proto = socket.IPPROTO_UDP if kind == "udp" else socket.IPPROTO_TCP
    data, at = segment(kind, sport, dport)
    pseudo = src.packed + dst.packed + struct.pack("!II", len(data), proto)
    data = data[:at] + struct.pack("!H", checksum(pseudo + data)) + data[at + 2:]
    if src.version == 6:
        return struct.pack("!IHBB", 6 << 28, len(data), proto, 64) + src.packed + dst.packed + data
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), 1, 0, 64, proto, 0)
    head += src.packed + dst.packed
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + data


def open_socket(namespace):
    ctypes.CDLL(None).setns(os.open(f"/run/netns/{namespace}", os.O_RDONLY), 0x40000000)
    return socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)


def main():
    gates = dict(word.split("=") for word in sys.argv[1:])
    sockets = {host: open_socket(host) for host in gates}
    for line in sys.stdin:
        host, kind, source, sport, destination, dport = line.split()
        protocol = 0x86DD if ":" in source else 0x0800
        sockets[host].sendto(packet(kind, source, int(sport), destination, int(dport)),
                             ("eth0", protocol, 0, 0, bytes.fromhex(gates[host].replace(":", ""))))


main()
