"""What a JPEG file says of itself before it is decoded: how many scans it has, and whether its end is there.

A file is a sequence of segments. Each begins with FF and a marker byte; most go on with their length in two bytes,
big-endian, which counts itself. SOF markers begin the frame (C2, C6, CA and CE: progressive), SOS (DA) begins a scan,
whose entropy-coded data follows up to the next marker that is not a restart (D0–D7); in that data FF is written FF 00.
EOI (FF D9) ends the file.

Source: ITU-T Recommendation T.81, annex B.
"""

import re
from dataclasses import dataclass

END = b"\xff\xd9"

_MARKER_IN_DATA = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})


@dataclass(frozen=True)
class JpegStructure:
    """The structure of a JPEG file.

    Attributes:
        progressive: Whether its frame is progressive.
        scans: How many scans there are, counted up to one more than the given maximum.
        complete: Whether the end is there.
    """

    progressive: bool
    scans: int
    complete: bool

    @property
    def needs_whole_image(self) -> bool:
        """Whether a decoder must hold all coefficients at once; else it holds a row of blocks."""
        return self.progressive or self.scans > 1


def read_structure(data: bytes, most_scans: int) -> JpegStructure:
    """Walk the segments of a JPEG file; counting stops after ``most_scans + 1`` scans. Damage ends the walk."""
    position, progressive, scans = 2, False, 0
    while position + 4 <= len(data) and data[position] == 0xFF and scans <= most_scans:
        marker = data[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if marker == 0xD9:
            break
        if marker in _WITHOUT_LENGTH:
            position += 2
            continue
        progressive = progressive or marker in _PROGRESSIVE
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == 0xDA:
            scans += 1
            following = _MARKER_IN_DATA.search(data, position)
            position = following.start() if following else len(data)
    # Cameras append bytes of their own, so the end need not be last.
    return JpegStructure(progressive, scans, complete=data[position : position + 2] == END or END in data[-2048:])
