"""What admission adds to the audit event of a request.

The audit log puts an empty map here before a request is carried out and reads it afterwards.
"""

from __future__ import annotations

from contextvars import ContextVar

AUDIT: ContextVar[dict[str, str] | None] = ContextVar("audit annotations", default=None)


def annotate(key: str, value: str) -> None:
    """Add an annotation; the first of a key stays. Nothing happens when the request is not audited."""
    annotations = AUDIT.get()
    if annotations is not None:
        annotations.setdefault(key, value)
