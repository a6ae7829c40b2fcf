"""Compares what an emulated ptex called with what its filter allows: filters.py FILE MACHINE LOGS

MACHINE is qemu's word for it. LOGS is a folder of what `qemu -strace` wrote, a process each: from the call of seccomp(2)
on, which the emulator does not know, each system call has to be one of those that the filter in FILE lets through.
"""

import json
import pathlib
import re
import struct
import subprocess
import sys

# The folders of linux-raw-sys, where the numbers are that a kernel has for the names.
HEADERS = {"aarch64": "aarch64", "arm": "arm", "ppc64le": "powerpc64", "riscv64": "riscv64", "s390x": "s390x"}
LOAD, IF_EQUAL, RETURN = 0x20, 0x15, 0x06
NUMBER, ARCHITECTURE = 0, 4
ALLOW, EPERM = 0x7FFF0000, 0x00050001


def filter_of(file):
    """The numbers that the BPF program in the file lets through, with the one whose argument it looks at."""
    image = file.read_bytes()
    instruction = struct.Struct(("<" if image[5] == 1 else ">") + "HBBI")
    start = instruction.pack(LOAD, 0, 0, ARCHITECTURE)
    at = image.find(start)
    assert at > 0 and image.find(start, at + 1) < 0, "There is not one filter."
    program = []
    while not program or program[-1] != (RETURN, 0, 0, ALLOW):
        program.append(instruction.unpack_from(image, at + len(program) * instruction.size))
    assert program[-2] == (RETURN, 0, 0, EPERM), program
    rest = program[program.index((LOAD, 0, 0, NUMBER)) + 1 :]
    numbers = set()
    while rest[0][0] == IF_EQUAL:
        numbers.add(rest.pop(0)[3])
    return numbers


def numbers_of(machine):
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version=1", "--locked", "--offline"], stdout=subprocess.PIPE, check=True
    )
    packages = json.loads(metadata.stdout)["packages"]
    [manifest] = [p["manifest_path"] for p in packages if p["name"] == "linux-raw-sys"]
    header = pathlib.Path(manifest).parent / "src" / HEADERS[machine] / "general.rs"
    found = re.findall(r"pub const __NR_(\w+): u32 = (\d+);", header.read_text())
    return {name: int(number) for name, number in found}


def main():
    file, machine, logs = sys.argv[1:]
    allowed, numbers = filter_of(pathlib.Path(file)), numbers_of(machine)
    processes, calls = 0, set()
    for log in pathlib.Path(logs).iterdir():
        _, seccomp, after = log.read_text(errors="replace").partition(" seccomp(1,0,")
        processes += bool(seccomp)
        calls.update(re.findall(r"^\d+ (\w+)\(|^\d+ (Unknown syscall \d+)", after, re.MULTILINE))
    calls = {name or unknown for name, unknown in calls}
    denied = sorted(name for name in calls if numbers.get(name) not in allowed)
    if denied:
        sys.exit(f"{file} calls what its filter denies: {', '.join(denied)}")
    # Else it was not looked at what it is for.
    missing = {"socket", "connect", "read", "write", "exit_group"} - calls
    assert not missing, f"Of {processes} processes, none called {missing}."
    print(f"{machine}: {len(calls)} system calls of {processes} processes, each among the {len(allowed)} allowed")


main()
