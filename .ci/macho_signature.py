"""Whether the pages of a Mach-O program are those that its ad-hoc signature was made of: macOS ends it where they are not.

The structures are those of <mach-o/loader.h> and of the kernel's osfmk/kern/cs_blobs.h; those of a signature are big-endian.
"""

import hashlib
import struct
import sys

LC_CODE_SIGNATURE = 0x1D
EMBEDDED_SIGNATURE = 0xFADE0CC0
CODE_DIRECTORY = 0xFADE0C02
ADHOC = 0x2
SHA256 = 2


def signature(program):
    """The bytes of the code signature, and where they begin."""
    (commands,) = struct.unpack_from("<I", program, 16)
    at = 32
    for _ in range(commands):
        command, size = struct.unpack_from("<II", program, at)
        if command == LC_CODE_SIGNATURE:
            start, length = struct.unpack_from("<II", program, at + 8)
            return program[start : start + length], start
        at += size
    sys.exit("there is no signature")


def code_directory(blob):
    magic, _, count = struct.unpack_from(">III", blob, 0)
    assert magic == EMBEDDED_SIGNATURE
    for index in range(count):
        _, start = struct.unpack_from(">II", blob, 12 + 8 * index)
        if struct.unpack_from(">I", blob, start) == (CODE_DIRECTORY,):
            return blob[start:]
    sys.exit("the signature has no code directory")


def main(path):
    with open(path, "rb") as file:
        program = file.read()
    blob, start = signature(program)
    directory = code_directory(blob)
    flags, hashes, _, _, pages, limit = struct.unpack_from(">IIIIII", directory, 12)
    hash_size, hash_type, _, page_bits = struct.unpack_from("BBBB", directory, 36)
    assert flags & ADHOC and hash_type == SHA256 and hash_size == 32
    assert limit == start, "not all of the program is signed"
    page_size = 1 << page_bits
    assert pages == -(-limit // page_size)
    for page in range(pages):
        content = program[page * page_size : min((page + 1) * page_size, limit)]
        at = hashes + page * hash_size
        if hashlib.sha256(content).digest() != directory[at : at + hash_size]:
            sys.exit(f"page {page} is not what was signed")


main(sys.argv[1])
