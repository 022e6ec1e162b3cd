"""How the C library allocates the memory of arrays."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""glibc's numbers of the parameters of `mallopt`."""


def keep_freed_memory(up_to: int) -> None:
    """Make glibc reuse the memory of freed arrays instead of returning it to the kernel.

    By default every array of 128 kB or more is fresh memory, whose pages must be zeroed on first touch. Zeroing
    took a third of a training step and of the time to draw a digit. With another C library this does nothing.

    Args:
        up_to: Bytes of the largest arrays that are kept for reuse, and of free memory that is kept in all.
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    mallopt(M_MMAP_THRESHOLD, up_to)
    mallopt(M_TRIM_THRESHOLD, up_to)
