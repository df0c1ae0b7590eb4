from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from support.cluster import Cluster


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.cluster)
        item.add_marker(pytest.mark.root)


@pytest.fixture(scope="session")
def any_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The one cluster that all tests share, not yet in any mode."""
    if os.geteuid() != 0:
        pytest.fail("cluster tests need root")
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.throw_away()
    shutil.rmtree(cluster.home, ignore_errors=True)


@pytest.fixture
def cluster(any_cluster: Cluster) -> Cluster:
    """One node: this machine."""
    any_cluster.ensure()
    return any_cluster


@pytest.fixture
def three_nodes(any_cluster: Cluster) -> Cluster:
    any_cluster.ensure("--nodes", "3")
    return any_cluster
