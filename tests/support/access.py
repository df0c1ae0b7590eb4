"""Answers about who may what, made comparable between servers."""

from __future__ import annotations

import json
import re
from typing import Any

_REVIEWS = (
    "SelfSubjectReview", "TokenReview", "SubjectAccessReview", "LocalSubjectAccessReview",
    "SelfSubjectAccessReview",
)  # fmt: skip
_MASKS = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"X509SHA256=[0-9a-f]+", "X509SHA256=HASH"),
    (r"https://127\.0\.0\.1:\d+", "ADDRESS"),
)


def filled(body: Any, uids: dict[str, str]) -> str:
    """A body as JSON, with uids where it names objects for them."""
    return re.sub(r"UID:([\w.-]+)", lambda match: uids.get(match[1], match[0]), json.dumps(body))


def reduced(code: int, answer: Any, uids: dict[str, str]) -> Any:
    """What of an answer is worth keeping."""
    text = json.dumps(_kept(code, answer))
    for pattern, mask in _MASKS:
        text = re.sub(pattern, mask, text)
    for name, uid in uids.items():
        text = text.replace(uid, f"UID:{name}")
    return json.loads(text)


def _sorted(rules: list[Any]) -> list[Any]:
    """Rules in an order of their own, as bindings have none, and each once."""
    texts = {json.dumps(rule, sort_keys=True) for rule in rules}
    return [json.loads(text) for text in sorted(texts)]


def _kept(code: int, answer: Any) -> Any:
    if not isinstance(answer, dict):
        return answer
    if code >= 400:
        return {name: answer.get(name) or None for name in ("message", "reason", "details")}
    kind = answer.get("kind")
    if kind == "SelfSubjectRulesReview":
        return {name: _sorted(answer["status"][name]) for name in ("resourceRules", "nonResourceRules")}
    if kind in _REVIEWS:
        return answer.get("status")
    if kind == "CertificateSigningRequest":
        return {"spec": answer["spec"], "status": answer.get("status")}
    if kind == "TokenRequest":
        name = answer["metadata"].get("name")
        return {"name": name, "spec": answer["spec"], "status": sorted(answer["status"])}
    return None if kind else answer
