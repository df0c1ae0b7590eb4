"""Programs that scripts/bootstrap fetches."""

from __future__ import annotations

import re
from pathlib import Path

CACHE = Path("/var/cache/proa")


def cached_kubectl(cache: Path = CACHE) -> str | None:
    """The newest kubectl of the cache; None when there is none."""
    found = cache.glob("kubectl-1.*/kubectl")
    newest = max(found, key=lambda path: int(re.sub(r"\D", "", path.parent.name.split(".")[1])), default=None)
    return str(newest) if newest else None
