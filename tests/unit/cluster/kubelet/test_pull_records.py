"""Records of pulls: who may use an image that is on the node."""

from pathlib import Path

import pytest

from proa.cluster.kubelet.pull_credentials import Credential
from proa.cluster.kubelet.pull_records import PullRecords, repository


def credential(name: str, password: str) -> Credential:
    return Credential.of({"password": password}, {"metadata": {"name": name, "uid": name}})


ONE, OTHER = credential("one", "secret"), credential("other", "guess")


def test_what_was_not_pulled_is_for_all(tmp_path: Path) -> None:
    assert PullRecords(tmp_path).may_use("a/b:1", "sha256:1", [])


def test_what_was_pulled_without_a_secret_is_for_all(tmp_path: Path) -> None:
    records = PullRecords(tmp_path)
    records.note("a/b:1", "sha256:1", ONE)
    records.note("a/b:1", "sha256:1", None)
    records.note("a/b:1", "sha256:1", ONE)
    assert records.may_use("a/b:2", "sha256:1", []), "tags are of one repository"
    assert not records.may_use("c/b:1", "sha256:1", []), "the registry has not been asked for that one"


def test_records_outlive_the_kubelet(tmp_path: Path) -> None:
    PullRecords(tmp_path).note("a/b:1", "sha256:1", ONE)
    records = PullRecords(tmp_path)
    assert records.may_use("a/b:1", "sha256:1", [OTHER, ONE])
    assert not records.may_use("a/b:1", "sha256:1", [OTHER])
    records.note("a/b:1", "sha256:1", OTHER)
    assert all(records.may_use("a/b:1", "sha256:1", [it]) for it in (ONE, OTHER))


def test_a_pull_that_nobody_saw_the_end_of_is_asked_for_again(tmp_path: Path) -> None:
    records = PullRecords(tmp_path)
    records.begin("a/b:1")
    assert not PullRecords(tmp_path).may_use("a/b:1", "sha256:1", [ONE])
    records.end("a/b:1")
    assert records.may_use("a/b:1", "sha256:1", [])


def test_a_damaged_record_lets_nobody_in(tmp_path: Path) -> None:
    records = PullRecords(tmp_path)
    records.note("a/b:1", "sha256:1", None)
    (file,) = (tmp_path / "pulled").iterdir()
    file.write_text("{")
    assert not records.may_use("a/b:1", "sha256:1", [ONE])
    records.note("a/b:1", "sha256:1", ONE)
    assert records.may_use("a/b:1", "sha256:1", [ONE])


def test_records_go_with_their_images_but_for_new_ones(tmp_path: Path) -> None:
    records = PullRecords(tmp_path)
    records.note("a/b:1", "sha256:1", ONE)
    written = next((tmp_path / "pulled").iterdir()).stat().st_mtime
    records.keep(["sha256:1"], written + 1)
    records.keep([], written)
    assert not records.may_use("a/b:1", "sha256:1", [])
    records.keep([], written + 1)
    assert records.may_use("a/b:1", "sha256:1", [])


def test_no_password_is_written(tmp_path: Path) -> None:
    PullRecords(tmp_path).note("a/b:1", "sha256:1", ONE)
    (file,) = (tmp_path / "pulled").iterdir()
    assert "secret" not in file.read_text().replace("kubernetesSecrets", "")
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("busybox", "busybox"),
        ("busybox:1", "busybox"),
        ("host:5000/a/b", "host:5000/a/b"),
        ("host:5000/a/b:tag", "host:5000/a/b"),
        ("a/b@sha256:" + "0" * 64, "a/b"),
    ],
)
def test_repositories(name: str, expected: str) -> None:
    assert repository(name) == expected
