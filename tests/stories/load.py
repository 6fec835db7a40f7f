# SPDX-License-Identifier: GPL-2.0-or-later
# usage: load.py serve PORT
#        load.py run ADDRESS PORT SHORT SECONDS
# Traffic of known shape. `serve` answers each TCP connection with as many bytes as its first line asks
# for. `run` makes SHORT connections one after the other, spread over so many SECONDS, each of which
# sends 2,000 bytes and asks for 20,000, while two long ones send and are sent as much as all these.
import socket
import sys
import threading
import time


def answer(connection):
    with connection:
        reader = connection.makefile("rb")
        for line in reader:
            size, pad = map(int, line.split())
            reader.read(pad)
            connection.sendall(b"x" * size)


def serve(port):
    listener = socket.create_server(("", port), backlog=128)
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def ask(connection, size, pad):
    connection.sendall(b"%d %d\n" % (size, pad) + b"x" * pad)
    left = size
    while left > 0:
        left -= len(connection.recv(min(left, 65536)))


def run(address, port, short, seconds):
    long_ones = [socket.create_connection((address, port)) for _ in range(2)]
    begin = time.monotonic()
    for i in range(short):
        with socket.create_connection((address, port)) as connection:
            ask(connection, 20000, 2000)
        ask(long_ones[i % 2], 20000, 2000)
        pause = begin + (i + 1) * seconds / short - time.monotonic()
        if pause > 0:
            time.sleep(pause)
    for connection in long_ones:
        connection.close()


if sys.argv[1] == "serve":
    serve(int(sys.argv[2]))
else:
    run(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
