import re

import pytest

from model.data.lzw import decompress_lzw
from model.errors import DatasetError


def compress_lzw(content: bytes, longest: int = 16, block_mode: bool = True, clear_at: frozenset[int] = frozenset()):
    """Write a .Z file in the plainest way.

    Args:
        content: What to compress.
        longest: Bits of the longest code.
        block_mode: Whether 256 empties the table.
        clear_at: Counts of codes after which the table is emptied.
    """
    first = 257 if block_mode else 256
    table = {bytes([value]): value for value in range(256)}
    groups, group, bits, entries = [], [], 9, first

    def end_group():
        if group:
            packed = sum(code << (bits * index) for index, code in enumerate(group))
            groups.append((packed, len(group) * bits, bits))
            group.clear()

    sequence, written, after_clear = b"", 0, True
    for byte in [*content, None]:
        longer = sequence + bytes([byte]) if byte is not None else b""
        if longer in table:
            sequence = longer
            continue
        if sequence:
            group.append(table[sequence])
            written += 1
            # The reader completes an entry with each code but the first one.
            if not after_clear and entries < 1 << longest:
                entries += 1
            after_clear = False
            if entries >= 1 << bits and bits < longest:
                end_group()
                bits += 1
            if len(group) == 8:
                end_group()
            if first + len(table) - 256 < 1 << longest:
                table[longer] = first + len(table) - 256
            if written in clear_at:
                group.append(256)
                end_group()
                bits, entries, after_clear = 9, first, True
                table = {bytes([value]): value for value in range(256)}
        sequence = bytes([byte]) if byte is not None else b""
    end_group()
    # A group of eight codes takes as many bytes as a code has bits; the last one may be cut after its last code.
    stream = b"".join(packed.to_bytes(size, "little") for packed, _, size in groups[:-1])
    if groups:
        packed, length, _ = groups[-1]
        stream += packed.to_bytes(-(-length // 8), "little")
    return bytes([0x1F, 0x9D, longest | (0x80 if block_mode else 0)]) + stream


TEXT = b"".join(b" %d  %d\n" % (i * i % 500, i * 7 % 499) for i in range(30_000))


def test_codes_of_nine_bits_written_out_by_hand():
    # a, b, 257 ("ab"), 259 ("aba", which the code itself completes); least significant bit first.
    codes = [ord("a"), ord("b"), 257, 259]
    stream = sum(code << 9 * index for index, code in enumerate(codes)).to_bytes(5, "little")

    assert decompress_lzw(b"\x1f\x9d\x90" + stream) == b"ab" + b"ab" + b"aba"


@pytest.mark.parametrize("content", [b"", b"a", b"a" * 5_000, bytes(range(256)) * 3, TEXT[:10_000]])
def test_what_was_compressed_comes_back(content):
    assert decompress_lzw(compress_lzw(content)) == content


@pytest.mark.parametrize("longest", [10, 12, 16])
def test_codes_grow_to_the_longest_and_the_table_stops_growing(longest):
    packed = compress_lzw(TEXT, longest=longest)

    assert decompress_lzw(packed) == TEXT


def test_table_is_emptied_in_the_middle_of_a_group_and_codes_are_short_again():
    packed = compress_lzw(TEXT, longest=12, clear_at=frozenset({3, 900, 5_000, 5_001}))

    assert decompress_lzw(packed) == TEXT


def test_without_block_mode_256_is_an_entry_like_any_other():
    packed = compress_lzw(TEXT, longest=12, block_mode=False)

    assert packed[2] == 12
    assert decompress_lzw(packed) == TEXT


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"not a .Z file: it begins with b''"),
        (b"PK\x03\x04", r"not a .Z file: it begins with b'PK\x03', not with b'\x1f\x9d' and flags"),
        (b"\x1f\x9d\x89", r"the .Z file states codes of up to 9 bits; only 10 to 16 are read"),
        # The first code is 300, which names nothing yet.
        (b"\x1f\x9d\x90" + (300).to_bytes(2, "little"), r"the .Z file is damaged: code 300, but the table has 257"),
    ],
)
def test_other_content_is_an_error_that_says_what_it_is(content, message):
    with pytest.raises(DatasetError, match=re.escape(message)):
        decompress_lzw(content)
