"""Slots that stay: an endpoint that comes or goes moves one other at most."""

from __future__ import annotations

from proa.services.model import Endpoint, Frontend

Endpoints = tuple[Endpoint, ...]


def settle(old: Frontend, new: Frontend) -> Frontend:
    """`new` with endpoints in the places that they have in `old`, so that few elements differ."""
    outside = new.outside if new.outside is None else keep_places(old.outside or (), new.outside)
    return new._replace(endpoints=keep_places(old.endpoints, new.endpoints), outside=outside)


def keep_places(old: Endpoints, new: Endpoints) -> Endpoints:
    """The endpoints of `new`: those of `old` in their place, others where one is free."""
    if old == new:
        return new
    before, wanted = set(old), set(new)
    kept = [endpoint if endpoint in wanted else None for endpoint in old[: len(new)]]
    homeless = [endpoint for endpoint in old[len(new) :] if endpoint in wanted]
    homeless += [endpoint for endpoint in new if endpoint not in before]
    rest = iter(homeless)
    return tuple(endpoint or next(rest) for endpoint in kept) + tuple(rest)
