"""A stale cache: what was written is awaited, so that nothing is made or deleted twice."""

from __future__ import annotations

import copy

import pytest

from proa.cluster.controllers import expectations
from proa.cluster.controllers.expectations import Expectations
from proa.kube import Object
from support.objects import pod


class Cache:
    """The part of an informer that expectations read."""

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self._handlers: list[object] = []

    def get(self, key: str) -> Object | None:
        return self.objects.get(key)

    def on_change(self, handler: object) -> None:
        self._handlers.append(handler)

    def show(self, obj: Object) -> None:
        self.objects[f"default/{obj['metadata']['name']}"] = obj
        for handler in self._handlers:
            handler(None, obj)  # type: ignore[operator]


def at(version: int, name: str = "p") -> Object:
    made = pod(name)
    made["metadata"]["resourceVersion"] = str(version)
    return made


@pytest.fixture
def cache() -> Cache:
    return Cache()


@pytest.fixture
def expected(cache: Cache) -> Expectations:
    return Expectations(cache)  # type: ignore[arg-type]


def test_nothing_written_is_nothing_to_wait_for(expected: Expectations) -> None:
    assert expected.met("default/web")


def test_a_write_is_awaited_until_the_cache_shows_it_or_something_later(
    cache: Cache, expected: Expectations
) -> None:
    expected.written("default/web", at(9))
    expected.written("default/web", at(10))
    cache.show(at(9))
    assert not expected.met("default/web")
    cache.show(at(11, "other"))
    assert expected.met("default/web")


def test_what_the_cache_showed_before_the_answer_came_is_not_awaited(
    cache: Cache, expected: Expectations
) -> None:
    cache.show(at(10))
    expected.written("default/web", at(10))
    assert expected.met("default/web")


def test_a_deletion_is_awaited_until_the_object_ends_or_another_has_its_name(
    cache: Cache, expected: Expectations
) -> None:
    cache.show(at(1))
    expected.removed("default/web", at(1))
    assert not expected.met("default/web")
    ending = copy.deepcopy(at(2))
    ending["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    cache.show(ending)
    assert expected.met("default/web")
    expected.removed("default/web", at(2))
    cache.show(at(3) | {"metadata": at(3)["metadata"] | {"uid": "another"}})
    assert expected.met("default/web")


def test_one_key_does_not_wait_for_another(expected: Expectations) -> None:
    expected.written("default/web", at(9))
    assert expected.met("default/db")
    expected.forget("default/web")
    assert expected.met("default/web")


def test_an_expectation_is_given_up_after_a_while(
    expected: Expectations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expectations, "PATIENCE", -1.0)
    expected.written("default/web", at(9))
    assert expected.met("default/web")
