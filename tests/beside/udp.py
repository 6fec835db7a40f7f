# SPDX-License-Identifier: GPL-2.0-or-later
"""Send datagrams back, or ask somebody who does: PORT, or FROM ADDR PORT."""
import socket
import sys


def serve(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("", port))
        while True:
            data, client = s.recvfrom(64)
            s.sendto(data, client)


def ask(source, addr, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((source, 0))
        s.settimeout(0.5)
        s.connect((addr, port))
        s.send(b"x")
        assert s.recv(64) == b"x"


if len(sys.argv) == 2:
    serve(int(sys.argv[1]))
else:
    ask(sys.argv[1], sys.argv[2], int(sys.argv[3]))
