"""Who may what: rights, impersonation, reviews, tokens, nodes and certificates, by several users."""

from __future__ import annotations

from typing import Any

from corpus.story import Step, story
from corpus.tables import rows


def step(row: dict[str, Any]) -> Step:
    """A line of the table: the members of a Step, those left out as usual."""
    names: dict[str, Any] = {name: tuple(row[name]) for name in ("only", "groups") if name in row}
    return Step(**{**row, **names})


CONTROLLERS = True
"""Aggregated roles have rules because of one."""
STORIES = (story("users", *map(step, rows("access")), namespace=False),)
