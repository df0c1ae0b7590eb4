"""How a node is told what it may not change."""

from __future__ import annotations

from typing import NoReturn

from proa.cluster.apiserver.admission.request import Request
from proa.errors import Forbidden


def refuse(request: Request, why: str) -> NoReturn:
    """Raises Forbidden."""
    about = request.target.of(request.name)
    name = f' "{about.name}"' if about.name else ""
    raise Forbidden(f"{about.qualified}{name} is forbidden: {why}", about.details())
