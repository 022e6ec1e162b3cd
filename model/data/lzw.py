"""Decompressing `.Z` files: LZW as the Unix program `compress` writes it, which the standard library does not read.

A file is

    offset  size  content
    0       2     0x1f 0x9d
    2       1     flags: bits 0–4 the longest code, 10–16 bits; bit 7 block mode, in which code 256 empties the table
    3             the codes, least significant bit first

Codes begin with 9 bits and become one bit longer when the table is full for their length, up to the longest. They are
written in groups of eight, so that a group of n-bit codes takes n bytes. When the length changes or the table is
emptied, the rest of a group is padding. The first 256 codes are the bytes themselves; in block mode 256 empties the
table. Every other code names the sequence that its table entry was made of.

Source: Welch (1984), "A technique for high-performance data compression"; `compress` 4.0.
"""

from collections.abc import Iterator

from model.errors import DatasetError

MAGIC = b"\x1f\x9d"
FIRST_BITS = 9
LONGEST_BITS = range(10, 17)
"""What the longest code may be. Files whose codes stay at 9 bits exist, but programs disagree on them."""
CLEAR = 256
BLOCK_MODE = 0x80


def decompress_lzw(content: bytes) -> bytes:
    """The uncompressed content of a `.Z` file.

    Args:
        content: The whole file.

    Raises:
        DatasetError: The file is of another format, or a code names no entry of the table. The format has no
            checksum and no length, so that a file cut short at a code's end is not noticed.
    """
    if content[:2] != MAGIC or len(content) < 3:
        raise DatasetError(f"not a .Z file: it begins with {content[:3]!r}, not with {MAGIC!r} and flags")
    longest, block_mode = content[2] & 0x1F, bool(content[2] & BLOCK_MODE)
    if longest not in LONGEST_BITS:
        raise DatasetError(f"the .Z file states codes of up to {longest} bits; only 10 to 16 are read")
    table = [bytes([value]) for value in range(256)]
    if block_mode:
        table.append(b"")
    empty_size = len(table)
    codes = _Codes(content[3:], longest)
    parts: list[bytes] = []
    previous = b""
    for code in codes:
        if block_mode and code == CLEAR:
            del table[empty_size:]
            codes.restart()
            previous = b""
            continue
        if code < len(table):
            sequence = table[code]
        elif code == len(table) and previous:
            # The entry that this code completes: the previous sequence and its own first byte.
            sequence = previous + previous[:1]
        else:
            raise DatasetError(f"the .Z file is damaged: code {code}, but the table has {len(table)} entries")
        parts.append(sequence)
        if previous and len(table) < 1 << longest:
            table.append(previous + sequence[:1])
        previous = sequence
        # The writer is one entry ahead: it has added the entry that the next code will complete here.
        codes.lengthen(len(table))
    return b"".join(parts)


class _Codes(Iterator[int]):
    """The codes of a stream; whoever reads them changes their length on the way."""

    def __init__(self, stream: bytes, longest: int) -> None:
        self._stream = stream
        self._longest = longest
        self._bits = FIRST_BITS
        self._group = 0
        self._in_group = 0

    def __next__(self) -> int:
        if self._in_group == 8:
            self._next_group()
        position = 8 * self._group + self._in_group * self._bits
        if position + self._bits > 8 * len(self._stream):
            raise StopIteration
        window = int.from_bytes(self._stream[position // 8 : position // 8 + 4], "little")
        self._in_group += 1
        return window >> position % 8 & (1 << self._bits) - 1

    def lengthen(self, entries: int) -> None:
        """Use longer codes once the table is full for the present length."""
        if entries >= 1 << self._bits and self._bits < self._longest:
            self._next_group()
            self._bits += 1

    def restart(self) -> None:
        """Use the shortest codes again."""
        self._next_group()
        self._bits = FIRST_BITS

    def _next_group(self) -> None:
        if self._in_group:
            self._group += self._bits
        self._in_group = 0
