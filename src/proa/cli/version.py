"""`proa version`."""

from __future__ import annotations

from proa import KUBERNETES_VERSION, __version__


def version() -> None:
    """Print the version of proa and of the Kubernetes API that it serves."""
    print(f"proa {__version__} (Kubernetes {KUBERNETES_VERSION})")
