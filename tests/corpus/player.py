"""Playing stories to a server, whichever it is."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Iterable
from typing import Any

import aiohttp
import yaml
from yarl import URL

from corpus.answer import Answer
from corpus.equal import Equaliser, pick
from corpus.story import Step, Story

AGENT = "corpus/1.0"
SECONDS = 10.0
WATCH_SECONDS = 3.0
_PAUSE = 0.05
KEPT_HEADERS = ("Content-Type", "Content-Encoding", "Warning", "Retry-After", "Allow", "Location")

Sessions = Callable[[str, tuple[str, ...]], aiohttp.ClientSession]
"""Sessions of a user in groups, closed by whoever made them."""


async def play(sessions: Sessions, family: str, stories: Iterable[Story]) -> list[Answer]:
    """The answers to all steps, in their order."""
    answers = []
    for story in stories:
        answers += await _Player(sessions, family, story).answers()
    return answers


class _Player:
    def __init__(self, sessions: Sessions, family: str, story: Story) -> None:
        self._sessions = sessions
        self._story = story
        self._equal = Equaliser()
        name = "".join(c if c.isalnum() else "-" for c in f"{family}-{story.name}".lower())
        self._words = {"ns": name.strip("-")}

    async def answers(self) -> list[Answer]:
        if self._story.namespace:
            await self._make_namespace()
        return [await self._answer(step) for step in self._story.steps]

    async def _make_namespace(self) -> None:
        """With its service account, unless a controller was faster; pods get no token of it."""
        account = {"metadata": {"name": "default"}, "automountServiceAccountToken": False}
        for path, body in (
            ("/api/v1/namespaces", {"metadata": {"name": self._words["ns"]}}),
            (f"/api/v1/namespaces/{self._words['ns']}/serviceaccounts", account),
        ):
            session = self._sessions("admin", ("system:masters",))
            async with session.post(path, json=body, headers={"User-Agent": AGENT}) as response:
                assert response.status in (201, 409), await response.text()

    async def _answer(self, step: Step) -> Answer:
        session = self._sessions(step.user, step.groups)
        name = f"{self._story.name}/{step.name}"
        try:
            async with asyncio.timeout(SECONDS):
                response, body = await self._ask(session, step)
                while step.until not in (0, response.status):
                    await asyncio.sleep(_PAUSE)
                    response, body = await self._ask(session, step)
        except TimeoutError:
            raise AssertionError(f"no whole answer to {name} within {SECONDS} s") from None
        for word, path in step.keep.items():
            self._words[word] = str(pick(body, path))
        kept = {path: pick(body, path) for path in step.only} if step.only else body
        headers = {key: response.headers.getall(key) for key in KEPT_HEADERS if key in response.headers}
        equal = self._equal.value
        return Answer(name, step.digest, response.status, equal(headers), equal(kept))

    async def _ask(self, session: aiohttp.ClientSession, step: Step) -> tuple[aiohttp.ClientResponse, Any]:
        async with self._request(session, step) as response:
            return response, await (_lines(response, step.events) if step.events else _body(response))

    def _request(self, session: aiohttp.ClientSession, step: Step) -> Any:
        headers = {"User-Agent": AGENT, **({"Accept": step.accept} if step.accept else {}), **step.headers}
        content, data = step.content, None
        if content is not None:
            data = io.BytesIO(self._filled(content.decode("latin-1")).encode("latin-1"))
            headers.setdefault("Content-Type", step.type)
        url = URL(str(session._base_url).rstrip("/") + self._filled(step.path), encoded=True)
        never = ("Accept-Encoding", "Content-Type")
        return session.request(step.method, url, data=data, headers=headers, skip_auto_headers=never)

    def _filled(self, text: str) -> str:
        for word, value in self._words.items():
            text = text.replace(f"<{word}>", value)
        return text


async def _body(response: aiohttp.ClientResponse) -> Any:
    content = await response.read()
    if response.content_type == "application/yaml":
        return yaml.safe_load(content)
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")


async def _lines(response: aiohttp.ClientResponse, count: int) -> Any:
    """The first lines of a stream; all of an answer that is none."""
    if response.status != 200:
        return await _body(response)
    lines: list[Any] = []
    try:
        async with asyncio.timeout(WATCH_SECONDS):
            while len(lines) < count and (line := await response.content.readline()):
                lines.append(json.loads(line))
    except TimeoutError:
        lines.append("nothing more came")
    return lines
