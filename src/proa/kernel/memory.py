"""Memory that a start has used and nobody needs any more."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Returns freed memory to the kernel, as far as the C library can (malloc_trim(3); glibc)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
