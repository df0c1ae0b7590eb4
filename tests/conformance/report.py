"""What became of a run of the conformance tests, or of those beyond.

python tests/conformance/report.py LEFT-OUT.yaml REPORT.json   how many ran, passed, failed, and why
python tests/conformance/report.py --skip LEFT-OUT.yaml        the pattern of the tests that are left out
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_LONGEST = 300


@dataclass(frozen=True)
class Outcome:
    """One test: its whole name, `passed`, `failed` and the like, and the first words of why."""

    name: str
    state: str
    why: str = ""

    @property
    def group(self) -> str:
        """The special interest group whose test it is, as `sig-node`."""
        return self.name.partition("]")[0].removeprefix("[")


def read(path: Path) -> Sequence[Any]:
    """A report as ginkgo writes it."""
    report: Sequence[Any] = json.loads(path.read_text())
    return report


def outcomes(report: Sequence[Any]) -> list[Outcome]:
    """The tests of a report that were run."""
    return [outcome for suite in report for spec in suite["SpecReports"] or () for outcome in _outcome(spec)]


def _outcome(spec: Any) -> Iterator[Outcome]:
    if spec["LeafNodeType"] == "It" and spec["State"] not in ("skipped", "pending"):
        name = " ".join([*(spec["ContainerHierarchyTexts"] or ()), spec["LeafNodeText"]])
        yield Outcome(name, spec["State"], (spec.get("Failure") or {}).get("Message", ""))


def table(ran: Sequence[Outcome]) -> str:
    """A line for each group, and one for all."""
    every, passed = Counter(o.group for o in ran), Counter(o.group for o in ran if o.state == "passed")
    rows = [("group", "ran", "passed", "failed")]
    rows += [
        (group, f"{count}", f"{passed[group]}", f"{count - passed[group]}")
        for group, count in sorted(every.items())
    ]
    rows.append(("all", f"{len(ran)}", f"{passed.total()}", f"{len(ran) - passed.total()}"))
    return "\n".join(f"{name:24}" + "".join(f"{cell:>8}" for cell in cells) for name, *cells in rows)


def _left_out(path: str) -> Sequence[Mapping[str, str]]:
    entries: Sequence[Mapping[str, str]] = yaml.safe_load(Path(path).read_text())
    return entries


def main(arguments: Sequence[str]) -> int:
    """1 when a test failed."""
    if arguments[0] == "--skip":
        print("|".join(entry["name"] for entry in _left_out(arguments[1])))
        return 0
    left_out, ran = _left_out(arguments[0]), outcomes(read(Path(arguments[1])))
    failed = [outcome for outcome in ran if outcome.state != "passed"]
    print(table(ran))
    for outcome in failed:
        print(f"\n{outcome.state}: {outcome.name}\n    {' '.join(outcome.why.split())[:_LONGEST]}")
    for entry in left_out:
        print(f"\nleft out: {entry['name']}\n    {entry['why']}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
