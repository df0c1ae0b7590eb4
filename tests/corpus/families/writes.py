"""Who owns what after writes of all sorts, and what applies conflict with."""

from __future__ import annotations

from corpus.story import Step, story
from corpus.tables import rows

STEPS = [Step(name, method, path, body, kind) for name, method, path, kind, body in rows("writes")]
STORIES = (story("in order", *STEPS),)
