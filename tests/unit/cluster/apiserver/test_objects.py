"""Create, update, patch, delete: what the server adds, keeps and refuses."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/default/pods"
CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"


def config_map(name: str = "a", **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **more}, "data": {"k": "v"}}


def pod(name: str = "p", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"containers": [{"name": "c", "image": "i:1"}], **spec}}


async def test_a_new_object_is_stamped(http: Any) -> None:
    lies: dict[str, Any] = {"uid": "x", "creationTimestamp": "2000-01-01T00:00:00Z", "selfLink": "/x"}
    lies["generation"] = 7

    answer = await http("POST", CONFIG_MAPS, config_map(**lies))
    metadata = answer.body["metadata"]

    assert answer.status == 201
    assert re.fullmatch(r"[0-9a-f-]{36}", metadata["uid"])
    assert re.fullmatch(r"20[2-9]\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", metadata["creationTimestamp"])
    assert metadata["creationTimestamp"] > "2020"
    assert metadata["namespace"] == "default"
    assert metadata["resourceVersion"].isdecimal()
    assert not {"generation", "selfLink"} & metadata.keys()


async def test_a_name_is_generated(http: Any) -> None:
    answers = [await http("POST", CONFIG_MAPS, {"metadata": {"generateName": "gen-"}}) for _ in range(2)]
    names = {answer.body["metadata"]["name"] for answer in answers}

    assert len(names) == 2
    assert all(re.fullmatch("gen-[a-z0-9]{5}", name) for name in names)


async def test_a_second_object_of_a_name_is_refused(http: Any) -> None:
    await http("POST", CONFIG_MAPS, config_map())
    answer = await http("POST", CONFIG_MAPS, config_map())

    assert (answer.status, answer.body["reason"]) == (409, "AlreadyExists")
    assert answer.body["message"] == 'configmaps "a" already exists'
    assert answer.body["details"] == {"name": "a", "kind": "configmaps"}


async def test_a_namespace_must_be_there(http: Any) -> None:
    answer = await http("POST", "/api/v1/namespaces/nope/configmaps", config_map())

    assert (answer.status, answer.body["message"]) == (404, 'namespaces "nope" not found')


async def test_a_dry_run_stores_nothing(http: Any) -> None:
    assert (await http("POST", f"{CONFIG_MAPS}?dryRun=All", config_map())).status == 201
    assert (await http("GET", f"{CONFIG_MAPS}/a")).status == 404

    await http("POST", CONFIG_MAPS, config_map())
    shown = await http("PATCH", f"{CONFIG_MAPS}/a?dryRun=All", {"data": {"k": "new"}}, kind=MERGE)
    await http("DELETE", f"{CONFIG_MAPS}/a?dryRun=All")

    assert shown.body["data"] == {"k": "new"}
    assert (await http("GET", f"{CONFIG_MAPS}/a")).body["data"] == {"k": "v"}


async def test_an_update_with_a_stale_version_conflicts(http: Any) -> None:
    old = (await http("POST", CONFIG_MAPS, config_map())).body
    fresh = await http("PUT", f"{CONFIG_MAPS}/a", old | {"data": {"k": "2"}})
    stale = await http("PUT", f"{CONFIG_MAPS}/a", old | {"data": {"k": "3"}})

    assert fresh.status == 200
    assert (stale.status, stale.body["reason"]) == (409, "Conflict")
    assert stale.body["message"] == (
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )


async def test_an_update_without_a_version_is_for_whatever_is_there(http: Any) -> None:
    await http("POST", CONFIG_MAPS, config_map())

    assert (await http("PUT", f"{CONFIG_MAPS}/a", config_map() | {"data": {"k": "2"}})).status == 200


async def test_an_update_of_another_uid_conflicts(http: Any) -> None:
    await http("POST", CONFIG_MAPS, config_map())

    answer = await http("PUT", f"{CONFIG_MAPS}/a", config_map(uid="another"))

    assert answer.status == 409
    assert "Precondition failed: UID in precondition: another" in answer.body["message"]


async def test_the_name_in_the_body_is_the_name_in_the_path(http: Any) -> None:
    await http("POST", CONFIG_MAPS, config_map())

    assert (await http("PUT", f"{CONFIG_MAPS}/a", config_map("b"))).status == 400


async def test_a_write_that_changes_nothing_makes_no_revision(http: Any) -> None:
    before = (await http("POST", CONFIG_MAPS, config_map())).body
    again = (await http("PUT", f"{CONFIG_MAPS}/a", config_map())).body
    patched = (await http("PATCH", f"{CONFIG_MAPS}/a", {"data": {"k": "v"}}, kind=STRATEGIC)).body

    assert before == again == patched


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        (MERGE, {"data": {"k": None, "n": "1"}}),
        (STRATEGIC, {"data": {"k": None, "n": "1"}}),
        (JSON_PATCH, [{"op": "remove", "path": "/data/k"}, {"op": "add", "path": "/data/n", "value": "1"}]),
    ],
)
async def test_patches(http: Any, kind: str, patch: Any) -> None:
    await http("POST", CONFIG_MAPS, config_map())

    assert (await http("PATCH", f"{CONFIG_MAPS}/a", patch, kind=kind)).body["data"] == {"n": "1"}


async def test_patches_of_one_object_at_the_same_time_all_count(http: Any) -> None:
    await http("POST", CONFIG_MAPS, config_map())

    await asyncio.gather(
        *(http("PATCH", f"{CONFIG_MAPS}/a", {"data": {str(n): "x"}}, kind=MERGE) for n in range(8))
    )

    assert len((await http("GET", f"{CONFIG_MAPS}/a")).body["data"]) == 9


async def test_a_patch_that_names_a_stale_version_conflicts(http: Any) -> None:
    await http("POST", CONFIG_MAPS, config_map())
    patch = {"metadata": {"resourceVersion": "1"}, "data": {"k": "2"}}

    assert (await http("PATCH", f"{CONFIG_MAPS}/a", patch, kind=MERGE)).status == 409


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/apply-patch+cbor"])
async def test_other_patch_types_are_unsupported(http: Any, kind: str) -> None:
    await http("POST", CONFIG_MAPS, config_map())

    assert (await http("PATCH", f"{CONFIG_MAPS}/a", {}, kind=kind)).status == 415


async def test_the_status_has_its_own_path(http: Any) -> None:
    created = (await http("POST", PODS, pod() | {"status": {"phase": "Running"}})).body
    assert created["status"]["phase"] == "Pending"

    through_main = await http("PATCH", f"{PODS}/p", {"status": {"phase": "Running"}}, kind=MERGE)
    assert through_main.body["status"]["phase"] == "Pending"

    patch = {"status": {"phase": "Running"}, "spec": {"activeDeadlineSeconds": 5}}
    through_status = (await http("PATCH", f"{PODS}/p/status", patch, kind=MERGE)).body
    assert through_status["status"]["phase"] == "Running"
    assert "activeDeadlineSeconds" not in through_status["spec"]


async def test_the_generation_counts_changes_of_the_spec(http: Any) -> None:
    created = (await http("POST", PODS, pod())).body
    labelled = (await http("PATCH", f"{PODS}/p", {"metadata": {"labels": {"a": "b"}}}, kind=MERGE)).body
    reported = (await http("PATCH", f"{PODS}/p/status", {"status": {"reason": "x"}}, kind=MERGE)).body
    changed = (await http("PATCH", f"{PODS}/p", {"spec": {"activeDeadlineSeconds": 9}}, kind=MERGE)).body

    generations = [obj["metadata"]["generation"] for obj in (created, labelled, reported, changed)]
    assert generations == [1, 1, 1, 2]


async def test_deletion_answers_with_a_status_and_the_uid(http: Any) -> None:
    uid = (await http("POST", CONFIG_MAPS, config_map())).body["metadata"]["uid"]

    answer = await http("DELETE", f"{CONFIG_MAPS}/a", {})

    assert (answer.status, answer.body["status"]) == (200, "Success")
    assert answer.body["details"] == {"name": "a", "kind": "configmaps", "uid": uid}
    assert (await http("DELETE", f"{CONFIG_MAPS}/a")).status == 404


@pytest.mark.parametrize("precondition", [{"uid": "other"}, {"resourceVersion": "1"}])
async def test_deletion_has_preconditions(http: Any, precondition: dict[str, str]) -> None:
    await http("POST", CONFIG_MAPS, config_map())

    assert (await http("DELETE", f"{CONFIG_MAPS}/a", {"preconditions": precondition})).status == 409


async def test_finalizers_hold_an_object_until_the_last_is_gone(http: Any) -> None:
    await http("POST", CONFIG_MAPS, config_map(finalizers=["example.com/a"]))
    held = await http("DELETE", f"{CONFIG_MAPS}/a")
    more = {"metadata": {"finalizers": ["example.com/a", "example.com/b"]}}
    added = await http("PATCH", f"{CONFIG_MAPS}/a", more, kind=MERGE)
    undone = await http("PATCH", f"{CONFIG_MAPS}/a", {"metadata": {"deletionTimestamp": None}}, kind=MERGE)
    await http("PATCH", f"{CONFIG_MAPS}/a", {"metadata": {"finalizers": None}}, kind=MERGE)

    assert held.body["metadata"]["deletionGracePeriodSeconds"] == 0
    assert added.status == 422
    assert "deletionTimestamp" in undone.body["metadata"]
    assert (await http("GET", f"{CONFIG_MAPS}/a")).status == 404


@pytest.mark.parametrize(
    ("policy", "finalizers"), [("Foreground", ["foregroundDeletion"]), ("Orphan", ["orphan"])]
)
async def test_propagation_policies_leave_work_for_the_collector(
    http: Any, policy: str, finalizers: list[str]
) -> None:
    await http("POST", CONFIG_MAPS, config_map())

    answer = await http("DELETE", f"{CONFIG_MAPS}/a", {"propagationPolicy": policy})

    assert answer.body["metadata"]["finalizers"] == finalizers


async def test_a_pod_on_a_node_ends_gracefully(http: Any, node: Any) -> None:
    await http("POST", PODS, pod(nodeName="n1", terminationGracePeriodSeconds=20))

    first = (await http("DELETE", f"{PODS}/p")).body["metadata"]
    assert (await http("PATCH", f"{PODS}/p", {"metadata": {"labels": {"a": "b"}}}, kind=MERGE)).status == 200
    longer = (await http("DELETE", f"{PODS}/p?gracePeriodSeconds=60")).body["metadata"]
    shorter = (await http("DELETE", f"{PODS}/p", {"gracePeriodSeconds": 5})).body["metadata"]

    assert [m["deletionGracePeriodSeconds"] for m in (first, longer, shorter)] == [20, 20, 5]
    assert first["deletionTimestamp"] == longer["deletionTimestamp"] > shorter["deletionTimestamp"]
    last = await node("DELETE", f"{PODS}/p", {"gracePeriodSeconds": 0})
    assert (last.status, last.body["metadata"]["deletionGracePeriodSeconds"]) == (200, 0)
    assert (await http("GET", f"{PODS}/p")).status == 404


async def test_a_pod_that_no_node_runs_goes_at_once(http: Any) -> None:
    await http("POST", PODS, pod())

    gone = await http("DELETE", f"{PODS}/p")

    assert (gone.body["kind"], gone.body["metadata"]["deletionGracePeriodSeconds"]) == ("Pod", 0)
    assert (await http("GET", f"{PODS}/p")).status == 404


async def test_a_collection_is_deleted_by_selector(http: Any) -> None:
    await http("POST", CONFIG_MAPS, config_map("a", labels={"x": "1"}))
    await http("POST", CONFIG_MAPS, config_map("b"))

    answer = await http("DELETE", f"{CONFIG_MAPS}?labelSelector=x%3D1")

    assert [item["metadata"]["name"] for item in answer.body["items"]] == ["a"]
    left = (await http("GET", CONFIG_MAPS)).body["items"]
    assert [item["metadata"]["name"] for item in left] == ["b"]


async def test_a_namespace_ends_when_it_is_finalized(http: Any) -> None:
    made = (await http("POST", "/api/v1/namespaces", {"metadata": {"name": "n"}})).body
    ending = (await http("DELETE", "/api/v1/namespaces/n")).body
    refused = await http("POST", "/api/v1/namespaces/n/configmaps", config_map())
    await http("PUT", "/api/v1/namespaces/n/finalize", ending | {"spec": {"finalizers": []}})

    assert (made["status"]["phase"], made["spec"]["finalizers"]) == ("Active", ["kubernetes"])
    assert made["metadata"]["labels"] == {"kubernetes.io/metadata.name": "n"}
    assert ending["status"]["phase"] == "Terminating"
    assert (refused.status, refused.body["reason"]) == (403, "Forbidden")
    assert refused.body["details"]["causes"][0]["reason"] == "NamespaceTerminating"
    assert (await http("GET", "/api/v1/namespaces/n")).status == 404
    assert (await http("DELETE", "/api/v1/namespaces/default")).status == 403


async def test_binding_gives_a_pod_its_node_once(http: Any) -> None:
    await http("POST", PODS, pod())
    nominated = {"status": {"nominatedNodeName": "n1"}}
    await http("PATCH", f"{PODS}/p/status", nominated, kind=MERGE)
    binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"}, "target": {"name": "n1"}}

    assert (await http("POST", f"{PODS}/p/binding", binding)).status == 201
    bound = (await http("GET", f"{PODS}/p")).body
    assert bound["spec"]["nodeName"] == "n1"
    assert "nominatedNodeName" not in bound["status"]
    assert [(c["type"], c["status"]) for c in bound["status"]["conditions"]] == [("PodScheduled", "True")]
    again = await http("POST", f"{PODS}/p/binding", binding)
    assert (again.status, "already assigned to node" in again.body["message"]) == (409, True)


async def test_eviction_deletes(http: Any) -> None:
    await http("POST", PODS, pod())
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}

    assert (await http("POST", f"{PODS}/p/eviction", eviction)).status == 201
    assert (await http("GET", f"{PODS}/p")).status == 404


async def test_eviction_tells_the_pod_why_it_goes(http: Any) -> None:
    made = (await http("POST", PODS, pod(nodeName="n"))).body
    await http("PATCH", f"{PODS}/p/status", {"status": {"phase": "Running"}}, kind=MERGE)
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
    wrong = eviction | {"deleteOptions": {"preconditions": {"uid": "another"}}}
    refused = await http("POST", f"{PODS}/p/eviction", wrong)
    assert (refused.status, "the UID in the precondition (another)" in refused.body["message"]) == (409, True)
    version = (await http("GET", f"{PODS}/p")).body["metadata"]["resourceVersion"]
    exact = eviction | {"deleteOptions": {"preconditions": {"resourceVersion": version}}}
    assert (await http("POST", f"{PODS}/p/eviction", exact)).status == 201
    going = (await http("GET", f"{PODS}/p")).body
    assert going["metadata"]["uid"] == made["metadata"]["uid"]
    assert "deletionTimestamp" in going["metadata"]
    (target,) = [c for c in going["status"]["conditions"] if c["type"] == "DisruptionTarget"]
    assert (target["status"], target["reason"], target["message"]) == (
        "True", "EvictionByEvictionAPI", "Eviction API: evicting",
    )  # fmt: skip


async def test_a_pod_is_given_its_token_tolerations_and_priority(http: Any) -> None:
    spec = (await http("POST", PODS, pod(priorityClassName="system-node-critical"))).body["spec"]

    (volume,) = spec["volumes"]
    assert volume["name"].startswith("kube-api-access-")
    assert spec["containers"][0]["volumeMounts"][0]["name"] == volume["name"]
    assert (spec["serviceAccountName"], spec["priority"]) == ("default", 2_000_001_000)
    assert {t["key"] for t in spec["tolerations"]} == {
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    }


async def test_a_pod_keeps_its_tolerations_but_not_how_long(http: Any) -> None:
    mine = {"key": "mine", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 1}
    other = {"key": "other", "operator": "Exists"}
    made = (await http("POST", PODS, pod(tolerations=[mine]))).body

    async def update(*tolerations: dict[str, Any]) -> Any:
        changed = made | {"spec": made["spec"] | {"tolerations": list(tolerations)}}
        changed["metadata"] = {"name": "p"}
        return await http("PUT", f"{PODS}/p", changed)

    forgetful = await update(other)
    longer = await update({**mine, "tolerationSeconds": 9}, other)

    assert "existing toleration can not be modified except its tolerationSeconds" in forgetful.body["message"]
    assert longer.body["spec"]["tolerations"][0]["tolerationSeconds"] == 9
    assert [t["key"] for t in longer.body["spec"]["tolerations"][2:]] == [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ]


async def test_a_pod_needs_its_account_and_its_priority_class(http: Any) -> None:
    account = await http("POST", PODS, pod(serviceAccountName="nobody"))
    priority = await http("POST", PODS, pod(priorityClassName="none"))

    assert 'serviceaccount "nobody" not found' in account.body["message"]
    assert (account.status, priority.status) == (403, 403)


async def test_a_claim_gets_the_default_class_and_is_protected(http: Any) -> None:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
    kind = {"metadata": {"name": "fast", "annotations": annotations}, "provisioner": "example.com/p"}
    await http("POST", "/apis/storage.k8s.io/v1/storageclasses", kind)
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}

    claim = (await http("POST", CLAIMS, {"metadata": {"name": "c"}, "spec": spec})).body
    bare = (
        await http("POST", CLAIMS, {"metadata": {"name": "d"}, "spec": {**spec, "storageClassName": ""}})
    ).body

    assert claim["spec"]["storageClassName"] == "fast"
    assert bare["spec"]["storageClassName"] == ""
    assert claim["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]


async def test_tokens_are_bound_and_name_their_pod(http: Any) -> None:
    uid = (await http("POST", PODS, pod())).body["metadata"]["uid"]
    path = "/api/v1/namespaces/default/serviceaccounts/default/token"
    reference = {"kind": "Pod", "apiVersion": "v1", "name": "p", "uid": uid}
    token = (await http("POST", path, {"spec": {"boundObjectRef": reference}})).body["status"]["token"]
    review = "/apis/authentication.k8s.io/v1/tokenreviews"

    alive = (await http("POST", review, {"spec": {"token": token}})).body["status"]
    await http("DELETE", f"{PODS}/p")
    dead = (await http("POST", review, {"spec": {"token": token}})).body["status"]

    assert alive["user"]["extra"]["authentication.kubernetes.io/pod-name"] == ["p"]
    assert (alive["authenticated"], dead.get("authenticated")) == (True, None)


@pytest.mark.parametrize(
    ("spec", "status"),
    [({"expirationSeconds": 60}, 422), ({"boundObjectRef": {"kind": "Service", "name": "x"}}, 400)],
)
async def test_bad_token_requests(http: Any, spec: dict[str, Any], status: int) -> None:
    path = "/api/v1/namespaces/default/serviceaccounts/default/token"

    assert (await http("POST", path, {"spec": spec})).status == status


async def test_reviews_answer_by_the_roles(http: Any) -> None:
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    attributes = {"verb": "get", "resource": "secrets", "namespace": "default"}
    own = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

    async def may(user: str, *groups: str) -> bool:
        spec = {"user": user, "groups": list(groups), "resourceAttributes": attributes}
        return bool((await http("POST", path, {"spec": spec})).body["status"]["allowed"])

    assert await may("somebody", "system:masters")
    assert not await may("system:node:n1", "system:nodes")
    assert not await may("somebody", "system:authenticated")
    mine = await http("POST", own, {"spec": {"resourceAttributes": attributes}})
    assert (mine.status, mine.body["status"]["allowed"]) == (201, True)
