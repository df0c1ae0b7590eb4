"""The policy, and events as they stand in the file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from proa.cluster.apiserver.audit.log import AuditLog, LogLimits
from proa.cluster.apiserver.audit.policy import Level, load_policy
from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.config import AuditConfig
from proa.cluster.apiserver.identity import User
from proa.errors import UserError
from support.server import api_server, eventually, session

ALICE = User("alice", ("dev", "system:authenticated"))
GET = Action("get", "", "secrets", "", "default", "s")


def policy_file(folder: Path, *rules: dict[str, Any], **more: Any) -> Path:
    content = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": list(rules), **more}
    path = folder / "policy.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ({}, True),
        ({"users": ["alice"]}, True),
        ({"users": ["bob"]}, False),
        ({"userGroups": ["dev"]}, True),
        ({"verbs": ["get"]}, True),
        ({"verbs": ["list"]}, False),
        ({"namespaces": ["default"]}, True),
        ({"namespaces": ["kube-system"]}, False),
        ({"resources": [{"group": "", "resources": ["secrets"]}]}, True),
        ({"resources": [{"group": "", "resources": ["*"]}]}, True),
        ({"resources": [{"group": ""}]}, True),
        ({"resources": [{"group": "apps"}]}, False),
        ({"resources": [{"group": "", "resources": ["secrets/status"]}]}, False),
        ({"resources": [{"group": "", "resources": ["secrets"], "resourceNames": ["s"]}]}, True),
        ({"resources": [{"group": "", "resources": ["secrets"], "resourceNames": ["t"]}]}, False),
        ({"nonResourceURLs": ["/healthz*"]}, False),
    ],
)
def test_rules(tmp_path: Path, rule: dict[str, Any], matches: bool) -> None:
    policy = load_policy(policy_file(tmp_path, {"level": "Request", **rule}))
    assert (policy.judge(ALICE, GET).level is Level.Request) is matches


def test_the_first_rule_that_matches_decides(tmp_path: Path) -> None:
    rules = ({"level": "None", "verbs": ["get"]}, {"level": "Metadata", "omitStages": ["ResponseStarted"]})
    policy = load_policy(policy_file(tmp_path, *rules, omitStages=["RequestReceived"]))

    assert policy.judge(ALICE, GET).level is Level.None_
    other = policy.judge(ALICE, replace(GET, verb="list"))
    assert other.omit_stages == {"RequestReceived", "ResponseStarted"}


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({"level": "Loud"}, "rules[0].level: give one of None, Metadata, Request, RequestResponse"),
        ({"level": "None", "omitStages": ["Later"]}, "'Later' is no stage"),
        ({"level": "None", "namespaces": ["a"], "nonResourceURLs": ["/"]}, "cannot apply to both"),
    ],
)
def test_a_policy_that_is_none_is_refused(tmp_path: Path, rule: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UserError, match=complaint.replace("[", r"\[")):
        load_policy(policy_file(tmp_path, rule))


def test_a_clean_stop_loses_nothing_and_files_are_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    log = AuditLog(path, LogLimits(megabytes=1, backups=2))
    line = b"x" * 1023
    for _ in range(4000):
        log.write(line)
    log.close()

    files = sorted(tmp_path.glob("audit*.log"))
    assert len(files) == 3
    assert all(file.stat().st_size <= 1 << 20 for file in files)
    assert path.stat().st_mode & 0o777 == 0o600


async def test_requests_are_logged_as_upstream_does(tmp_path: Path) -> None:
    rules = (
        {"level": "None", "users": ["system:apiserver"]},
        {"level": "RequestResponse", "resources": [{"group": "", "resources": ["configmaps"]}]},
        {"level": "Metadata"},
    )
    policy = policy_file(tmp_path, *rules, omitStages=["RequestReceived"], omitManagedFields=True)
    log = tmp_path / "audit.log"
    config = AuditConfig(policy=policy, log=log)
    async with (
        api_server(tmp_path, audit=config) as server,
        session(server, tmp_path, "admin", "system:masters") as admin,
    ):
        body = {"metadata": {"name": "c"}, "data": {"k": "v"}}
        answer = await admin.post("/api/v1/namespaces/default/configmaps", json=body)
        audit_id = answer.headers["Audit-Id"]
        secret = {"metadata": {"name": "s"}, "stringData": {"k": "hidden"}}
        await admin.post("/api/v1/namespaces/default/secrets", json=secret)
        await admin.get("/api/v1/namespaces/default/pods/none", headers={"Impersonate-User": "eve"})
    events = [json.loads(line) for line in log.read_text().splitlines()]

    made, hidden, refused = events
    assert made["auditID"] == audit_id
    assert made["stage"] == "ResponseComplete"
    assert made["objectRef"] == {"resource": "configmaps", "namespace": "default", "apiVersion": "v1"}
    assert made["requestObject"]["data"] == {"k": "v"}
    assert "managedFields" not in made["responseObject"]["metadata"]
    assert made["responseStatus"]["code"] == 201
    assert made["annotations"]["authorization.k8s.io/decision"] == "allow"
    assert hidden["level"] == "Metadata"
    assert "hidden" not in log.read_text()
    assert refused["impersonatedUser"]["username"] == "eve"
    assert refused["annotations"]["authorization.k8s.io/decision"] == "forbid"
    assert refused["responseStatus"]["reason"] == "Forbidden"


async def test_answers_without_an_end_say_by_what_they_are_known(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    config = AuditConfig(policy=policy_file(tmp_path, {"level": "Metadata"}), log=log)

    async def there_are(lines: int, word: str) -> bool:
        return sum(word in line for line in log.read_text().splitlines()) == lines

    async with (
        api_server(tmp_path, audit=config) as server,
        session(server, tmp_path, "admin", "system:masters") as admin,
    ):
        path = "/api/v1/namespaces/default/configmaps"
        async with admin.get(path, params={"watch": "1", "timeoutSeconds": "1"}) as answer:
            audit_id = answer.headers["Audit-Id"]
            await eventually(lambda: there_are(2, audit_id))
        refused = await admin.get(f"{path}/none")

    assert refused.headers.getall("Audit-Id") != [audit_id]
    ended = [json.loads(line) for line in log.read_text().splitlines() if audit_id in line]
    assert [event["stage"] for event in ended] == ["RequestReceived", "ResponseStarted", "ResponseComplete"]
