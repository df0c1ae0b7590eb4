"""Numbers that a request holds until its write is done; they go back when it is not."""

from __future__ import annotations

from proa.cluster.apiserver.admission.request import Request
from proa.cluster.apiserver.services.pool import Pool


def reserved(request: Request, pool: Pool, number: int, owner: str) -> bool:
    """Hold a certain number; False when another has it."""
    had = pool.owner(number)
    if not pool.take(number, owner):
        return False
    if had is None:
        request.undo.append(lambda: pool.release(number, owner))
    return True


def picked(request: Request, pool: Pool, owner: str) -> int | None:
    """Hold any free number; None when there is none."""
    number = pool.pick(owner)
    if number is not None:
        request.undo.append(lambda: pool.release(number, owner))
    return number
