from __future__ import annotations

import json
from typing import Any

import pytest

from proa.storage.config import DEFAULT_NODE, ConfigError, LocalPathConfig, default_document, parse_config


def nodes(**paths: list[Any]) -> dict[str, Any]:
    return {"nodePathMap": [{"node": node, "paths": found} for node, found in paths.items()]}


def parsed(document: Any) -> LocalPathConfig:
    return parse_config(json.dumps(document))


def test_the_default_serves_every_node() -> None:
    config = parse_config(default_document("/data"))
    assert config.for_class("any").choose("n1", "pvc-1") == "/data"


def test_a_listed_node_beats_the_default_and_an_empty_list_refuses() -> None:
    config = parsed(nodes(**{DEFAULT_NODE: ["/data"], "n1": ["/fast"], "n2": []})).for_class("x")
    assert config.paths_on("n1") == ("/fast",)
    assert config.paths_on("n3") == ("/data",)
    with pytest.raises(ConfigError, match="no local path available on node n2"):
        config.paths_on("n2")


def test_of_several_paths_the_choice_is_spread_but_the_same_at_every_attempt() -> None:
    config = parsed(nodes(**{DEFAULT_NODE: ["/a", "/b"]})).for_class("x")
    choices = [config.choose("n1", f"pvc-{i}") for i in range(50)]
    assert set(choices) == {"/a", "/b"}
    assert choices == [config.choose("n1", f"pvc-{i}") for i in range(50)]


def test_keys_are_read_in_any_case_as_go_does() -> None:
    assert parsed({"sharedFilesystemPath": "/nfs"}).for_class("x").is_shared()


def test_each_class_may_have_its_own() -> None:
    config = parsed(
        {"storageClassConfigs": {"fast": nodes(n1=["/nvme"]), "nfs": {"sharedFileSystemPath": "/nfs"}}}
    )
    assert config.for_class("fast").choose("n1", "v") == "/nvme"
    assert config.for_class("nfs").choose("", "v") == "/nfs"
    assert config.all_paths("n1") == {"/nvme", "/nfs"}
    with pytest.raises(ConfigError, match="BUG: Got request for unexpected storage class slow"):
        config.for_class("slow")


BAD = {
    "not JSON": ("{", "config.json is not valid JSON"),
    "no object": ("[]", "config.json must be an object, not list"),
    "relative path": (nodes(n=["data"]), "path must start with / for path data on node n"),
    "empty path": (nodes(n=[""]), "path must start with / for path  on node n"),
    "root": (nodes(n=["/"]), r"cannot use root \('/'\) as path on node n"),
    "root in disguise": (nodes(n=["/a/.."]), r"cannot use root \('/'\) as path on node n"),
    "relative shared path": (
        {"sharedFileSystemPath": "nfs"},
        "path must start with / for path nfs as sharedFileSystemPath",
    ),
    "path twice": (nodes(n=["/a", "/a/"]), "duplicate path /a on node n"),
    "node twice": (
        {"nodePathMap": [{"node": "n", "paths": ["/a"]}, {"node": "n", "paths": ["/b"]}]},
        "duplicate node n",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_document_is_refused(case: str) -> None:
    document, why = BAD[case]
    with pytest.raises(ConfigError, match=why):
        parse_config(document if isinstance(document, str) else json.dumps(document))


UNUSABLE = {
    "both": (
        nodes(n=["/a"]) | {"sharedFileSystemPath": "/b"},
        "both nodePathMap and sharedFileSystemPath are defined",
    ),
    "neither": ({}, "both nodePathMap and sharedFileSystemPath are unconfigured"),
    "unknown node": (nodes(n=["/a"]), f"config doesn't contain node other, and no {DEFAULT_NODE} available"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_an_unusable_document_is_refused_when_asked(case: str) -> None:
    document, why = UNUSABLE[case]
    with pytest.raises(ConfigError, match=why):
        parsed(document).for_class("x").paths_on("other")


def test_a_wanted_path_must_be_configured() -> None:
    config = parsed(nodes(n=["/a", "/b"])).for_class("x")
    assert config.choose("n", "v", "/b") == "/b"
    with pytest.raises(ConfigError, match="config doesn't contain path /c on node n"):
        config.choose("n", "v", "/c")
