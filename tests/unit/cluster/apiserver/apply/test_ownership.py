import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proa.cluster.apiserver import apply
from proa.cluster.apiserver.apply import Manager, applied
from proa.cluster.apiserver.schema import SCHEMAS, Node
from proa.errors import BadRequest, Conflict
from proa.kube.resources import Object

DEPLOYMENT = SCHEMAS.node("apps/v1", "Deployment")
CONFIG_MAP = SCHEMAS.node("v1", "ConfigMap")
NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
ANN = Manager("ann", "Apply", "apps/v1")
BOB = Manager("bob", "Apply", "apps/v1")
CLI = Manager("cli", "Update", "apps/v1")
SCALER = Manager("scaler", "Update", "apps/v1", "scale")


def deployment(*containers: Object, **spec: Any) -> Object:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {**spec, "template": {"spec": {"containers": list(containers)}}},
    }


def updated(schema: Node | None, live: Object | None, new: Object, manager: Manager, now: str) -> Object:
    """A create or update, with the owners that it leaves."""
    if live is None:
        owners = apply.created(schema, new, manager, now)
    else:
        owners = apply.updated(schema, live, new, manager, now)
    bare = {key: value for key, value in new["metadata"].items() if key != "managedFields"}
    return {**new, "metadata": {**bare, **({"managedFields": owners} if owners else {})}}


def container(name: str, **more: Any) -> Object:
    return {"name": name, **more}


def owned(obj: Object, name: str) -> Object:
    """The fields of a manager in FieldsV1."""
    return next((e["fieldsV1"] for e in obj["metadata"].get("managedFields", ()) if e["manager"] == name), {})


def containers(obj: Object) -> list[Object]:
    found: list[Object] = obj["spec"]["template"]["spec"]["containers"]
    return found


def test_a_first_apply_owns_what_it_lists() -> None:
    obj = applied(DEPLOYMENT, None, deployment(container("a", image="x"), replicas=2), ANN, NOW)
    assert owned(obj, "ann") == {
        "f:spec": {
            "f:replicas": {},
            "f:template": {
                "f:spec": {"f:containers": {'k:{"name":"a"}': {".": {}, "f:image": {}, "f:name": {}}}}
            },
        }
    }
    (entry,) = obj["metadata"]["managedFields"]
    assert {k: entry[k] for k in ("operation", "apiVersion", "time", "fieldsType")} == {
        "operation": "Apply",
        "apiVersion": "apps/v1",
        "time": NOW,
        "fieldsType": "FieldsV1",
    }


def test_what_is_no_longer_applied_goes() -> None:
    first = applied(
        DEPLOYMENT, None, deployment(container("a", image="x"), container("b"), replicas=2), ANN, NOW
    )
    second = applied(DEPLOYMENT, first, deployment(container("a")), ANN, LATER)
    assert containers(second) == [{"name": "a"}]
    assert "replicas" not in second["spec"]


def test_what_somebody_else_owns_stays() -> None:
    first = applied(DEPLOYMENT, None, deployment(container("a", image="x"), replicas=2), ANN, NOW)
    shared = applied(DEPLOYMENT, first, deployment(container("a"), replicas=2), BOB, NOW)
    left = applied(DEPLOYMENT, shared, deployment(container("z")), ANN, LATER)
    assert left["spec"]["replicas"] == 2
    assert [c["name"] for c in containers(left)] == ["a", "z"]
    assert "image" not in containers(left)[0]


def test_a_conflict_names_the_manager_and_the_field() -> None:
    first = applied(DEPLOYMENT, None, deployment(container("a"), replicas=2), ANN, NOW)
    with pytest.raises(Conflict, match='1 conflict: conflict with "ann": .spec.replicas') as caught:
        applied(DEPLOYMENT, first, deployment(container("a"), replicas=3), BOB, NOW)
    assert caught.value.details["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "ann"', "field": ".spec.replicas"}
    ]


def test_several_conflicts_are_listed_by_manager() -> None:
    live = updated(DEPLOYMENT, None, deployment(container("a", image="x"), replicas=2), CLI, NOW)
    with pytest.raises(Conflict) as caught:
        applied(DEPLOYMENT, live, deployment(container("a", image="y"), replicas=3), ANN, NOW)
    assert str(caught.value) == (
        'Apply failed with 2 conflicts: conflicts with "cli" using apps/v1:\n'
        "- .spec.replicas\n"
        '- .spec.template.spec.containers[name="a"].image'
    )


def test_force_takes_the_field() -> None:
    first = applied(DEPLOYMENT, None, deployment(container("a"), replicas=2), ANN, NOW)
    forced = applied(DEPLOYMENT, first, deployment(container("a"), replicas=3), BOB, NOW, force=True)
    assert forced["spec"]["replicas"] == 3
    assert "f:replicas" not in owned(forced, "ann")["f:spec"]
    assert "f:replicas" in owned(forced, "bob")["f:spec"]


def test_the_same_value_is_shared_without_a_conflict() -> None:
    first = applied(DEPLOYMENT, None, deployment(container("a"), replicas=2), ANN, NOW)
    both = applied(DEPLOYMENT, first, deployment(container("a"), replicas=2), BOB, NOW)
    assert "f:replicas" in owned(both, "ann")["f:spec"]
    assert "f:replicas" in owned(both, "bob")["f:spec"]


def test_an_update_takes_the_changed_fields_only() -> None:
    first = applied(DEPLOYMENT, None, deployment(container("a"), replicas=2, paused=True), ANN, NOW)
    scaled = copy.deepcopy(first)
    scaled["spec"]["replicas"] = 5
    after = updated(DEPLOYMENT, first, scaled, SCALER, LATER)
    assert owned(after, "scaler") == {"f:spec": {"f:replicas": {}}}
    assert owned(after, "ann")["f:spec"].keys() == {"f:paused", "f:template"}


def test_a_create_notes_added_maps_but_not_the_structs_that_are_always_there() -> None:
    obj = deployment(container("a"), selector={"matchLabels": {"app": "web"}})
    obj["metadata"]["labels"] = {"app": "web"}
    assert owned(updated(DEPLOYMENT, None, obj, CLI, NOW), "cli") == {
        "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
        "f:spec": {
            "f:selector": {},
            "f:template": {"f:spec": {"f:containers": {'k:{"name":"a"}': {".": {}, "f:name": {}}}}},
        },
    }


def test_an_object_from_before_ownership_is_first_owned_by_its_past() -> None:
    live = {"metadata": {"name": "c"}, "data": {"a": "1", "b": "2"}}
    assert (
        "managedFields" not in updated(CONFIG_MAP, live, {**live, "data": {"a": "2"}}, CLI, NOW)["metadata"]
    )
    with pytest.raises(Conflict, match=r'conflict with "before-first-apply" using v1.*: \.data\.a'):
        applied(
            CONFIG_MAP,
            live,
            {"metadata": {"name": "c"}, "data": {"a": "9"}},
            Manager("m", "Apply", "v1"),
            NOW,
        )


def test_applied_configurations_must_not_carry_managed_fields() -> None:
    config = {"metadata": {"name": "c", "managedFields": [{"manager": "x"}]}}
    with pytest.raises(BadRequest, match="metadata.managedFields must be nil"):
        applied(CONFIG_MAP, None, config, ANN, NOW)


def test_double_members_are_refused() -> None:
    first = applied(DEPLOYMENT, None, deployment(container("a")), ANN, NOW)
    with pytest.raises(BadRequest, match='duplicate entries for key {"name":"a"}'):
        applied(DEPLOYMENT, first, deployment(container("a"), container("a")), ANN, NOW)


def test_no_more_than_ten_updaters_are_told_apart() -> None:
    obj: Object = updated(CONFIG_MAP, None, {"metadata": {"name": "c"}}, CLI, NOW)
    obj["metadata"].setdefault("managedFields", [{"manager": "m", "operation": "Apply", "apiVersion": "v1"}])
    for number in range(13):
        new = {**obj, "data": {**obj.get("data", {}), f"key{number}": "x"}}
        obj = updated(
            CONFIG_MAP,
            obj,
            new,
            Manager(f"m{number:02}", "Update", "v1"),
            f"2026-01-{number + 1:02}T00:00:00Z",
        )
    names = [e["manager"] for e in obj["metadata"]["managedFields"]]
    assert len(names) == 10
    assert owned(obj, "ancient-changes")["f:data"].keys() == {".", "f:key0", "f:key1", "f:key2", "f:key3"}


LABELS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("xyz"), max_size=4)
MEMBERS = st.lists(st.sampled_from("abcde"), unique=True, max_size=4)


@given(LABELS, MEMBERS, LABELS, MEMBERS)
def test_apply_is_idempotent_and_leaves_exactly_what_it_lists(
    labels: dict[str, str], names: list[str], new_labels: dict[str, str], new_names: list[str]
) -> None:
    def config(these_labels: dict[str, str], these_names: list[str]) -> Object:
        obj = deployment(*(container(n, image=n) for n in these_names))
        obj["metadata"]["labels"] = these_labels
        return obj

    first = applied(DEPLOYMENT, None, config(labels, names), ANN, NOW)
    second = applied(DEPLOYMENT, first, config(new_labels, new_names), ANN, LATER)
    third = applied(DEPLOYMENT, second, config(new_labels, new_names), ANN, "2026-01-03T00:00:00Z")
    assert third == second
    assert second["metadata"].get("labels", {}) == new_labels
    assert [
        c["name"] for c in second["spec"].get("template", {}).get("spec", {}).get("containers", [])
    ] == new_names


@given(LABELS, LABELS)
def test_two_appliers_of_different_keys_never_disturb_each_other(
    ours: dict[str, str], theirs: dict[str, str]
) -> None:
    mine = {"metadata": {"name": "c"}, "data": {f"m{k}": v for k, v in ours.items()}}
    yours = {"metadata": {"name": "c"}, "data": {f"y{k}": v for k, v in theirs.items()}}
    obj = applied(CONFIG_MAP, None, mine, ANN, NOW)
    obj = applied(CONFIG_MAP, obj, yours, BOB, NOW)
    obj = applied(CONFIG_MAP, obj, mine, ANN, LATER)
    assert obj.get("data", {}) == {**mine["data"], **yours["data"]}
