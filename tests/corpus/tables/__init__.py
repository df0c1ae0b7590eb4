"""Longer tables, one line of YAML a case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


def rows(name: str) -> list[Any]:
    """The lines of `NAME.yaml` in this folder."""
    text = (Path(__file__).parent / f"{name}.yaml").read_text()
    return list(yaml.load(text, Loader=yaml.CSafeLoader))
