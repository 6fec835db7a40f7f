#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections to many ports, one after the other, each to be answered by the right server.

serve ADDR PORT...             tell whoever connects which port it came to, until the end of input
ask ADDR FIRST LAST BASE FILE  until that file is there,
                               connect to ports of that range at random; port P is to be answered by
                               BASE + P % 2; prints how many were asked, and what went wrong
"""
import os
import random
import selectors
import socket
import sys
import time


def serve(addr, *ports):
    selector = selectors.DefaultSelector()
    for port in ports:
        listener = socket.create_server((addr, int(port)), backlog=128)
        selector.register(listener, selectors.EVENT_READ, port)
    selector.register(sys.stdin, selectors.EVENT_READ, None)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            if key.data is None:
                return
            connection, _ = key.fileobj.accept()
            connection.sendall(key.data.encode())
            connection.close()


def ask(addr, first, last, base, enough):
    asked, end = 0, time.monotonic() + 60
    random.seed(1)
    while time.monotonic() < end and not os.path.exists(enough):
        port = random.randint(int(first), int(last))
        # from a port of its own each: ports that the kernel chooses, for one of these ports or
        # another, come round again, and a server that still knows one asks for a second SYN
        own = ("", 20000 + asked)
        asked += 1
        time.sleep(0.002)
        try:
            with socket.create_connection((addr, port), timeout=1, source_address=own) as connection:
                answer = connection.recv(100).decode()
        except OSError as error:
            answer = str(error)
        if answer != str(int(base) + port % 2):
            print(f"{port}: {answer}")
    print(f"asked {asked}")


{"serve": serve, "ask": ask}[sys.argv[1]](*sys.argv[2:])
