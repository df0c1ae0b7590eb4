"""Who owns what after writes, beside kube-apiserver 1.37.2 (recorded by scripts/record-writes)."""

import asyncio
import io
import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from proa.kube import SERVICE_ACCOUNTS
from support.server import api_server, session

GOLDEN = Path(__file__).parent / "golden/writes-1.37.2.jsonl"
CASES: dict[str, dict[str, Any]] = {
    case["name"]: case for case in map(json.loads, GOLDEN.read_text().splitlines())
}

OTHERWISE = {
    "after scaling": "upstream forgets when a Scale was written",
    "apply a Scale": "upstream names the version of Scale, not that of the owner's entry",
}
"""Where only the code is the same."""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, Any]]:
    """What a server of ours says to all the requests, one after the other."""
    return asyncio.run(replay(tmp_path_factory.mktemp("writes")))


async def replay(folder: Path) -> dict[str, tuple[int, Any]]:
    async with api_server(folder) as server:
        client = server.client()
        account = {"metadata": {"name": "default"}, "automountServiceAccountToken": False}
        await client.create(SERVICE_ACCOUNTS, account, "default")
        async with session(server, folder, "admin", "system:masters") as admin:
            return {name: await send(admin, case) for name, case in CASES.items()}


async def send(admin: aiohttp.ClientSession, case: dict[str, Any]) -> tuple[int, Any]:
    body = json.dumps(case["body"]).encode()
    headers = {"Content-Type": case["type"], "User-Agent": "recorder/1.0"}
    async with admin.request(
        case["method"], case["path"], data=io.BytesIO(body), headers=headers
    ) as response:
        answer = json.loads(await response.read())
        return response.status, reduced(response.status, answer)


def reduced(code: int, answer: dict[str, Any]) -> Any:
    """As the recorder reduces it."""
    if code >= 400:
        causes = answer.get("details", {}).get("causes", [])
        kept: Any = {"message": answer["message"], "causes": causes}
        if code == 422 and len(causes) > 1:
            kept = {"causes": sorted(causes, key=json.dumps)}
    else:
        kept = answer["metadata"].get("managedFields", [])
    return json.loads(re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", json.dumps(kept)))


@pytest.mark.parametrize("name", CASES)
def test_a_write_is_answered_as_upstream_answers(name: str, answers: dict[str, tuple[int, Any]]) -> None:
    case = CASES[name]

    code, answer = answers[name]
    assert code == case["code"], answer
    assert answer == case["answer"] or name in OTHERWISE
