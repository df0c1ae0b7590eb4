"""Who may what: a story of several users, beside the answers of a kube-apiserver 1.37.2."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from proa.cluster.apiserver import ApiServer
from support.access import filled, reduced
from support.server import session

GOLDEN = Path(__file__).parent / "golden/access-1.37.2.jsonl"

DIFFERENT = {
    "unknown path as admin": "a Status, for clients that read one from every answer under 400",
    "unknown path under apis as admin": "likewise",
    "may by role": "two bindings allow it; which one is told first has no order upstream either",
    "review with both selectors": "upstream prints a pattern with other blanks",
    "may I with metadata": "upstream prints managed fields of what is not stored",
    "openid configuration": "another issuer, and ES256 keys",
    "node renews its lease": "a lease may be replaced without its version",
    "claim status by node": "upstream appends a difference of Go values",
    "csr empty": "what the schema requires is told as well",
    "csr with an unknown condition": "upstream's had been approved by its controller",
    "review of a bootstrap token": "another issuer",
    "trust bundle": "bundles are checked elsewhere",
}
"""Steps of the story that are answered in another way, and why."""


class Users:
    """Sessions by user, and what was made by name."""

    def __init__(self, server: ApiServer, folder: Path, stack: AsyncExitStack) -> None:
        self._server, self._folder, self._stack = server, folder, stack
        self._sessions: dict[str, Any] = {}
        self.uids: dict[str, str] = {}

    async def send(self, case: dict[str, Any]) -> tuple[int, Any]:
        user = case["user"]
        groups = ["system:masters"] if user == "admin" else case.get("groups", [])
        known = f"{user} {groups}"
        if known not in self._sessions:
            opened = session(self._server, self._folder, user, *groups)
            self._sessions[known] = await self._stack.enter_async_context(opened)
        data = filled(case["body"], self.uids).encode() if "body" in case else None
        headers = ({"Content-Type": case["type"]} if data else {}) | case.get("headers", {})
        request = self._sessions[known].request(case["method"], case["path"], data=data, headers=headers)
        async with request as response:
            text = await response.text()
        answer = json.loads(text) if text.startswith("{") else text
        if isinstance(answer, dict) and "uid" in answer.get("metadata", {}):
            self.uids[answer["metadata"]["name"]] = answer["metadata"]["uid"]
        return response.status, reduced(response.status, answer, self.uids)


async def test_users_are_answered_as_upstream_does(server: ApiServer, tmp_path: Path) -> None:
    cases = [json.loads(line) for line in GOLDEN.read_text().splitlines()]
    differing = []
    async with AsyncExitStack() as stack:
        users = Users(server, tmp_path, stack)
        for case in cases:
            code, answer = await users.send(case)
            same = (code, answer) == (case["code"], case["answer"])
            if not same and case["name"] not in DIFFERENT:
                differing.append((case["name"], case["code"], case["answer"], code, answer))
    told = "\n".join(f"{name}:\n  upstream {c} {a}\n  ours     {d} {b}" for name, c, a, d, b in differing)
    assert not differing, f"{len(differing)} of {len(cases)} differ:\n{told}"
