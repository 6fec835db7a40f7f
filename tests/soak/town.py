# SPDX-License-Identifier: GPL-2.0-or-later
"""The soak's town: hosts in network namespaces, all of whose ports answer, and many questions at
once. The gateway is the namespace of the program itself.

  client 10.1.0.2 fd01::2 --- wan0 10.1.0.1 fd01::1 [gateway] lan0 192.168.1.1 fd02::1
  stranger 10.3.0.2 fd03::2 - opt0 10.3.0.1 fd03::1                --- server 192.168.1.2 fd02::2
                                                                   --- lan 192.168.1.3 fd02::3
"""
import ctypes
import os
import resource
import selectors
import signal
import socket
import subprocess
import time

ADDRESSES = {
    "client": {4: "10.1.0.2", 6: "fd01::2"},
    "stranger": {4: "10.3.0.2", 6: "fd03::2"},
    "server": {4: "192.168.1.2", 6: "fd02::2"},
    "lan": {4: "192.168.1.3", 6: "fd02::3"},
}
INTERFACE_OF = {"client": "wan0", "stranger": "opt0", "server": "lan0", "lan": "lan0"}
GATEWAY = {
    "wan0": {4: "10.1.0.1", 6: "fd01::1"},
    "opt0": {4: "10.3.0.1", 6: "fd03::1"},
    "lan0": {4: "192.168.1.1", 6: "fd02::1"},
}
LISTEN = range(1001, 1065)  # where forwards listen; the hosts behind the gateway answer there too
ANSWER = range(2001, 2021)  # where all answer
PROTOS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
CLONE_NEWNET = 0x40000000

BUILD = """
set -e
link() { ip link add $3 type veth peer name $2 netns $1; ip link set $3 up
  ip -n $1 link set lo up; ip -n $1 link set $2 up; }
sysctl -qw net.ipv6.conf.default.accept_dad=0
for ns in client stranger server lan; do
  ip netns add $ns; ip netns exec $ns sysctl -qw net.ipv6.conf.default.accept_dad=0; done
ip link set lo up
link client eth0 wan0; link stranger eth0 opt0
ip link add lan0 type bridge; ip link set lan0 up
for ns in server lan; do link $ns eth0 b-$ns; ip link set b-$ns master lan0; done
for tool in iptables ip6tables; do
  sysctl -qw net.bridge.bridge-nf-call-$tool=0 2>/dev/null || true; done
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
# a port that nobody else takes for each question
for ns in client stranger server lan; do
  ip netns exec $ns sysctl -qw net.ipv4.ip_local_port_range='62000 65000'; done
"""

libc = ctypes.CDLL(None, use_errno=True)
namespaces = {}
children = []
next_port = 10000


def sh(command):
    subprocess.run(["sh", "-c", command], check=True)


def build():
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    sh(BUILD)
    for interface, addresses in GATEWAY.items():
        sh(f"ip addr add {addresses[4]}/24 dev {interface}; "
           f"ip addr add {addresses[6]}/64 dev {interface} nodad")
    for host, addresses in ADDRESSES.items():
        gateway = GATEWAY[INTERFACE_OF[host]]
        sh(f"ip -n {host} addr add {addresses[4]}/24 dev eth0; "
           f"ip -n {host} addr add {addresses[6]}/64 dev eth0 nodad; "
           f"ip -n {host} route add default via {gateway[4]}; "
           f"ip -n {host} route add default via {gateway[6]}")
        namespaces[host] = os.open(f"/run/netns/{host}", os.O_RDONLY)
    namespaces["gateway"] = os.open("/proc/self/ns/net", os.O_RDONLY)
    for host in ("server", "lan", "gateway"):
        serve(host)


def raze():
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def enter(host):
    if libc.setns(namespaces[host], CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def open_socket(proto, address):
    six = ":" in address
    s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, PROTOS[proto])
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setblocking(False)
    return s


# ---- hosts that answer ----

def serve(host):
    """A child that answers at each address and port of host: HOST ADDR PORT CLIENT."""
    ready, tell = os.pipe()
    child = os.fork()
    if child:
        os.close(tell)
        children.append(child)
        if os.read(ready, 1) != b"r":
            raise RuntimeError(f"no servers on {host}")
        os.close(ready)
        return
    try:
        libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        enter(host)
        answer_all(host, tell)
    finally:
        os._exit(1)


def answer_all(host, tell):
    selector = selectors.DefaultSelector()
    if host == "gateway":
        places = [(a, ANSWER) for both in GATEWAY.values() for a in both.values()]
    else:
        places = [(a, [*LISTEN, *ANSWER]) for a in ADDRESSES[host].values()]
    for address, ports in places:
        for port in ports:
            for proto in PROTOS:
                s = open_socket(proto, address)
                s.bind((address, port))
                if proto == "tcp":
                    s.listen(64)
                selector.register(s, selectors.EVENT_READ,
                                  (accept if proto == "tcp" else echo, f"{host} {address} {port}"))
    os.write(tell, b"r")
    while True:
        for key, _ in selector.select():
            answer, text = key.data
            try:
                answer(key.fileobj, text, selector)
            except OSError:  # a client that went away
                if answer is talk:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()


def accept(listener, text, selector):
    s, peer = listener.accept()
    s.setblocking(False)
    selector.register(s, selectors.EVENT_READ, (talk, f"{text} {peer[0]}"))


def talk(s, text, _):
    if not s.recv(64):
        raise ConnectionResetError
    s.send(text.encode())


def echo(s, text, _):
    _, peer = s.recvfrom(64)
    s.sendto(f"{text} {peer[0]}".encode(), peer)


# ---- clients ----

class Question:
    """Asked by a program on host of address and port; answer is "" where none came in time."""

    def __init__(self, host, proto, address, port):
        self.host, self.proto, self.address, self.port = host, proto, address, port
        self.socket = None
        self.sent = False
        self.answer = ""

    def __str__(self):
        return f"{self.host} asks {self.address} port {self.port}/{self.proto}"

    def begin(self):
        global next_port
        enter(self.host)
        try:
            self.socket = open_socket(self.proto, self.address)
            next_port = next_port + 1 if next_port < 60000 else 10000
            self.own_port = next_port
            self.socket.bind(("::" if ":" in self.address else "0.0.0.0", next_port))
            self.socket.connect((self.address, self.port))
        except BlockingIOError:
            pass
        except OSError:
            self.close()
        finally:
            enter("gateway")

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None


def ask(questions, patience, least):
    """Ask all at once. Wait until those with an answer expected (.expected) have it, at most
    patience seconds, and no less than least for what should not come."""
    selector = selectors.DefaultSelector()
    begun = time.monotonic()
    for q in questions:
        q.answer, q.sent = "", False
        if not q.socket:
            q.begin()
        if q.socket:
            selector.register(q.socket, selectors.EVENT_WRITE, q)
    while selector.get_map():
        waited = time.monotonic() - begun
        missing = any(q.expected and not q.answer for q in questions)
        left = (patience if missing else least) - waited
        if left <= 0:
            break
        for key, _ in selector.select(left):
            step(selector, key.data)
    selector.close()


def step(selector, q):
    try:
        if not q.sent:
            q.socket.send(b"?")
            q.sent = True
            selector.modify(q.socket, selectors.EVENT_READ, q)
            return
        q.answer = q.socket.recv(256).decode()
    except OSError:  # refused
        pass
    selector.unregister(q.socket)
