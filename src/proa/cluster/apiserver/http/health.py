"""/healthz, /livez and /readyz (source: apiserver pkg/server/healthz)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import parse_qs

from proa.cluster.apiserver.http.reply import Reply, text_reply
from proa.errors import NotFound

Check = Callable[[], str]
"""Why something is not well; empty when it is."""

PATHS = ("healthz", "livez", "readyz")
OPEN_PATHS = frozenset(f"/{path}" for path in PATHS)
"""What everybody may read, as upstream's --authorization-always-allow-paths has it."""


class Health:
    """Named checks, behind the three well-known paths, and what became of them so far."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._latest: dict[tuple[str, str], bool] = {}
        self._counts: Counter[tuple[str, str, bool]] = Counter()

    def paths(self) -> Iterator[str]:
        """All paths that are answered."""
        for path in PATHS:
            yield f"/{path}"
            yield from (f"/{path}/{name}" for name in self._checks)

    def reply(self, path: str, query: str) -> Reply:
        """`path` as `readyz` or `readyz/NAME`; `verbose` and `exclude` in the query are obeyed.

        Raises NotFound for an unknown check.
        """
        endpoint, _, only = path.strip("/").partition("/")
        wanted = parse_qs(query, keep_blank_values=True)
        if only and only not in self._checks:
            raise NotFound("the server could not find the requested resource")
        excluded = set() if only else set(wanted.get("exclude", ()))
        problems = {
            name: self._ask(endpoint, name)
            for name in self._checks
            if name not in excluded and only in ("", name)
        }
        failed = any(problems.values())
        if not failed and (only or "verbose" not in wanted):
            return text_reply("ok")
        verdict = f"{endpoint} check {'failed' if failed else 'passed'}"
        return text_reply("\n".join([*self._lines(problems, excluded), verdict, ""]), 500 if failed else 200)

    def _ask(self, endpoint: str, name: str) -> str:
        why = self._checks[name]()
        self._latest[endpoint, name] = not why
        self._counts[endpoint, name, not why] += 1
        return why

    def _lines(self, problems: Mapping[str, str], excluded: set[str]) -> Iterator[str]:
        for name in self._checks:
            if name in excluded:
                yield f"[+]{name} excluded: ok"
            elif name in problems:
                yield f"[-]{name} failed: {problems[name]}" if problems[name] else f"[+]{name} ok"
        if unknown := sorted(excluded - set(self._checks)):
            names = ", ".join(f'"{name}"' for name in unknown)
            yield f"warn: some health checks cannot be excluded: no matches for {names}"

    def indicators(self) -> str:
        """How the checks have gone, as Prometheus text (/metrics/slis); each is asked once more."""
        for endpoint in PATHS:
            for name in self._checks:
                self._ask(endpoint, name)
        now = (
            f'kubernetes_healthcheck{{name="{name}",type="{endpoint}"}} {well:d}'
            for (endpoint, name), well in self._latest.items()
        )
        totals = (
            f'kubernetes_healthchecks_total{{name="{name}",status="{"success" if well else "error"}"'
            f',type="{endpoint}"}} {count}'
            for (endpoint, name, well), count in self._counts.items()
        )
        return "\n".join(
            [
                "# HELP kubernetes_healthcheck Whether a check went well when it was asked last.",
                "# TYPE kubernetes_healthcheck gauge",
                *now,
                "# HELP kubernetes_healthchecks_total How often a check was asked, and how it went.",
                "# TYPE kubernetes_healthchecks_total counter",
                *totals,
                "",
            ]
        )
