#!/usr/bin/env python3
"""A poor line: poor-line.py LOSS MILLISECONDS COMMAND...

In a network namespace of its own, COMMAND finds the machine 10.9.8.2, which is itself, 10.9.8.1, at the end of a line that
loses LOSS percent of all packets and takes so long for each one. It is a TUN device whose packets come back with their
addresses swapped, so their checksums stay right. (netem does the same, but few kernels have it built in.)
"""

import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000

# Set once the namespace is ours.
MARK = "POOR_LINE_NAMESPACE"

# A router's queue: what does not fit is lost as well.
QUEUE = 1000


def main():
    loss, delay, command = float(sys.argv[1]) / 100, float(sys.argv[2]) / 1000, sys.argv[3:]
    if MARK not in os.environ:
        os.execvpe("unshare", ["unshare", "--net", sys.executable, *sys.argv], {**os.environ, MARK: "1"})
    line = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(line, TUNSETIFF, struct.pack("16sH14x", b"line", IFF_TUN | IFF_NO_PI))
    for arguments in (
        ["link", "set", "lo", "up"],
        ["address", "add", "10.9.8.1/24", "dev", "line"],
        ["link", "set", "line", "up", "mtu", "1500"],
    ):
        subprocess.run(["ip", *arguments], check=True)
    # The kernel takes a packet from one of its own addresses only if it is told to.
    with open("/proc/sys/net/ipv4/conf/line/accept_local", "w") as setting:
        setting.write("1")
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    carry(line, loss, delay, child)
    sys.exit(child.returncode)


def carry(line, loss, delay, child):
    chance = random.Random(1)
    under_way, number = [], 0
    while child.poll() is None:
        wait = 0.1
        if under_way:
            wait = max(0, min(wait, under_way[0][0] - time.monotonic()))
        if select.select([line], [], [], wait)[0]:
            packet = os.read(line, 65536)
            # IPv4 alone: the kernel greets IPv6 neighbours that are not there.
            if packet[0] >> 4 == 4 and chance.random() >= loss and len(under_way) < QUEUE:
                swapped = packet[:12] + packet[16:20] + packet[12:16] + packet[20:]
                number += 1
                heapq.heappush(under_way, (time.monotonic() + delay, number, swapped))
        while under_way and under_way[0][0] <= time.monotonic():
            os.write(line, heapq.heappop(under_way)[2])


main()
