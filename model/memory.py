"""How the C library hands out the memory of arrays."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""glibc's own numbers for what `mallopt` sets."""


def keep_freed_memory(up_to: int) -> None:
    """Ask glibc to reuse freed arrays instead of giving them back to the kernel.

    By default every array of 128 kB or more is fresh memory, whose pages must be zeroed on first touch. Measured, that
    took a third of a training step and of the time to draw a digit. On another C library this does nothing.

    Args:
        up_to: Bytes of the largest arrays that are kept for reuse, and of free memory that is kept in all.
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    mallopt(M_MMAP_THRESHOLD, up_to)
    mallopt(M_TRIM_THRESHOLD, up_to)
