"""How the C library allocates the memory of arrays."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""glibc's numbers of the parameters of `mallopt`."""


def keep_freed_memory(array_bytes: int, total_bytes: int) -> None:
    """Make glibc reuse the memory of freed arrays instead of returning it to the kernel.

    By default every array of 128 kB or more is fresh memory, whose pages must be zeroed on first touch. Zeroing
    took a third of a training step and of the time to draw a digit. With another C library this does nothing.

    Args:
        array_bytes: Of the largest arrays whose memory is kept for reuse. They lie in one heap, which cannot shrink
            below the last one in use, so a service should keep only what it needs for each request.
        total_bytes: Of free memory that is kept in all.
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    mallopt(M_MMAP_THRESHOLD, array_bytes)
    mallopt(M_TRIM_THRESHOLD, total_bytes)
