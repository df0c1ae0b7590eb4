"""Creates of every kind as strict dry runs: defaults of what is good, complaints about what is not."""

from __future__ import annotations

from corpus.story import post, story
from corpus.tables import rows

STORIES = (
    story(
        "dry run",
        *(
            post(name, f"{path}?dryRun=All&fieldValidation=Strict", obj)
            for name, path, obj in rows("creates")
        ),
    ),
)
