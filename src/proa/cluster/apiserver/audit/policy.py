"""What is logged of which request: audit.k8s.io/v1 Policy. The first rule that matches decides.

Source: Kubernetes, auditing; apiserver pkg/audit/policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import yaml

from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.identity import User
from proa.errors import UserError

STAGES = ("RequestReceived", "ResponseStarted", "ResponseComplete", "Panic")


class Level(IntEnum):
    """How much is logged; the names are those of the policy file."""

    None_ = 0
    Metadata = 1
    Request = 2
    RequestResponse = 3

    @property
    def text(self) -> str:
        return self.name.rstrip("_")


_LEVELS = {level.text: level for level in Level}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to log of one request."""

    level: Level
    omit_stages: frozenset[str] = frozenset()
    omit_managed_fields: bool = False


_NOTHING = Verdict(Level.None_)


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules in their order, and what holds for all of them."""

    rules: tuple[Mapping[str, Any], ...]
    omit_stages: frozenset[str] = frozenset()
    omit_managed_fields: bool = False

    def judge(self, user: User, action: Action) -> Verdict:
        """What to log; nothing when no rule matches."""
        for rule in self.rules:
            if _matches(rule, user, action):
                stages = self.omit_stages | frozenset(rule.get("omitStages") or ())
                omit = rule.get("omitManagedFields")
                return Verdict(
                    _LEVELS[rule["level"]], stages, self.omit_managed_fields if omit is None else omit
                )
        return _NOTHING


def load_policy(path: Path) -> Policy:
    """The policy in a file. Raises UserError that says what is wrong in it."""
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise UserError(
            f"{path}: cannot be read as an audit policy: {' '.join(str(error).split())}"
        ) from error
    if not isinstance(content, dict) or content.get("kind") != "Policy":
        raise UserError(f"{path}: must be an object of kind Policy of audit.k8s.io/v1")
    rules = content.get("rules") or []
    if not rules:
        raise UserError(f"{path}: has no rules: give at least one, such as `- level: Metadata`")
    for index, rule in enumerate(rules):
        _check(path, f"rules[{index}]", rule)
    _check_stages(path, "omitStages", content)
    stages = frozenset(content.get("omitStages") or ())
    return Policy(tuple(rules), stages, bool(content.get("omitManagedFields")))


def _check(path: Path, where: str, rule: Any) -> None:
    if not isinstance(rule, dict) or rule.get("level") not in _LEVELS:
        raise UserError(f"{path}: {where}.level: give one of {', '.join(_LEVELS)}")
    if rule.get("nonResourceURLs") and (rule.get("resources") or rule.get("namespaces")):
        raise UserError(f"{path}: {where}: rules cannot apply to both resources and nonResourceURLs")
    _check_stages(path, f"{where}.omitStages", rule)


def _check_stages(path: Path, where: str, holder: Mapping[str, Any]) -> None:
    for stage in holder.get("omitStages") or ():
        if stage not in STAGES:
            raise UserError(f"{path}: {where}: {stage!r} is no stage: give one of {', '.join(STAGES)}")


def _matches(rule: Mapping[str, Any], user: User, action: Action) -> bool:
    if rule.get("users") and user.name not in rule["users"]:
        return False
    if rule.get("userGroups") and not set(user.groups) & set(rule["userGroups"]):
        return False
    if rule.get("verbs") and action.verb not in rule["verbs"]:
        return False
    if rule.get("namespaces") or rule.get("resources"):
        return not action.path and _matches_resource(rule, action)
    if rule.get("nonResourceURLs"):
        return bool(action.path) and any(_path_matches(p, action.path) for p in rule["nonResourceURLs"])
    return True


def _path_matches(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern


def _matches_resource(rule: Mapping[str, Any], action: Action) -> bool:
    if rule.get("namespaces") and action.namespace not in rule["namespaces"]:
        return False
    groups = rule.get("resources")
    return not groups or any(_in_group(group, action) for group in groups)


def _in_group(group: Mapping[str, Any], action: Action) -> bool:
    if group.get("group", "") != action.group:
        return False
    names = group.get("resourceNames")
    if names and action.name not in names:
        return False
    whole = f"{action.resource}/{action.subresource}" if action.subresource else action.resource
    wanted = {"*", whole} | (
        {f"{action.resource}/*", f"*/{action.subresource}"} if action.subresource else set()
    )
    return not group.get("resources") or bool(wanted & set(group["resources"]))
