"""Whether an indexed Job has succeeded by its `successPolicy`, before all its indexes have. Pure.

Source: KEP-3998; kubernetes.io, Job, success policy.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from proa.cluster.controllers.job_indexes import parse_indexes
from proa.kube import Object


def matched_rule(job: Object, completed: AbstractSet[int]) -> int | None:
    """The number of the first rule that the completed indexes meet."""
    rules = (job["spec"].get("successPolicy") or {}).get("rules") or ()
    for number, rule in enumerate(rules):
        if _meets(rule, completed, job["spec"].get("completions", 1)):
            return number
    return None


def _meets(rule: Object, completed: AbstractSet[int], completions: int) -> bool:
    text, count = rule.get("succeededIndexes"), rule.get("succeededCount")
    if text is None:
        return count is not None and len(completed) >= count
    wanted = parse_indexes(text, completions)
    return len(completed & wanted) >= (len(wanted) if count is None else count)
