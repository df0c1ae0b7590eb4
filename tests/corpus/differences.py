"""Where answers may differ from the recorded ones. Each name is explained in docs/api-differences.md."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """Steps (a pattern of `family/story/step`) and paths in their answers (a pattern) that may differ."""

    name: str
    steps: str
    paths: str = ""

    def covers(self, step: str, path: str) -> bool:
        """Whether this explains that the two answers to a step differ at a path."""
        return bool(re.fullmatch(self.steps, step) and re.fullmatch(self.paths or ".*", path))


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "definitions as written",
        "custom/definitions/(root fields beside status|not stored|versions of one name)",
        r"body\.(message|details\.causes.*)",
    ),
)
