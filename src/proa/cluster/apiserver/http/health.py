"""/healthz, /livez and /readyz (source: apiserver pkg/server/healthz)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from proa.cluster.apiserver.http.reply import Reply, text_reply
from proa.errors import NotFound

Check = Callable[[], str]
"""Why something is not well; empty when it is."""

PATHS = ("healthz", "livez", "readyz")
OPEN_PATHS = frozenset(f"/{path}" for path in PATHS)
"""What everybody may read, as upstream's --authorization-always-allow-paths has it."""


class Health:
    """Named checks, behind the three well-known paths."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks

    def paths(self) -> Iterator[str]:
        """All paths that are answered."""
        for path in PATHS:
            yield f"/{path}"
            yield from (f"/{path}/{name}" for name in self._checks)

    def reply(self, path: str, verbose: bool) -> Reply:
        """`path` as `readyz` or `readyz/NAME`. Raises NotFound for an unknown check."""
        endpoint, _, only = path.strip("/").partition("/")
        if only and only not in self._checks:
            raise NotFound("the server could not find the requested resource")
        problems = {name: check() for name, check in self._checks.items() if not only or name == only}
        failed = any(problems.values())
        if not failed and (only or not verbose):
            return text_reply("ok")
        lines = [f"[-]{name} failed: {why}" if why else f"[+]{name} ok" for name, why in problems.items()]
        verdict = f"{endpoint} check {'failed' if failed else 'passed'}"
        return text_reply("\n".join([*lines, verdict, ""]), 500 if failed else 200)
