"""Variables from files that a volume holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from proa.cluster.kubelet.env_files import EnvFileError, value_in
from proa.cluster.kubelet.problems import VolumeProblem
from proa.cluster.kubelet.volumes.subpath import read_inside

TEXT = """# first

  ONE='1' # said twice
ONE='2'
SPACED='a  "b" $c'
LONG='one
two'
EMPTY= 'x'
"""

BAD = {
    "no value": "A",
    "a space": "A ='1'",
    "no name": "='1'",
    "no quotes": "A=1",
    "more": "A='1'2",
    "unclosed": "A='1\n2\n",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [("ONE", "1"), ("SPACED", 'a  "b" $c'), ("LONG", "one\ntwo"), ("EMPTY", ""), ("ABSENT", "")],
)
def test_values(name: str, value: str) -> None:
    assert value_in(TEXT, name) == value


@pytest.mark.parametrize("case", BAD)
def test_what_is_not_of_the_form(case: str) -> None:
    with pytest.raises(EnvFileError, match="line 1"):
        value_in(BAD[case], "B")


def test_no_link_leads_out_of_the_volume(tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    (volume / "deep").mkdir(parents=True)
    (volume / "deep/env").write_text("A='1'")
    (tmp_path / "secret").write_text("A='2'")
    (volume / "link").symlink_to(tmp_path / "secret")
    assert read_inside(volume, "/deep/env") == "A='1'"
    for path in ("link", "../secret", "deep"):
        with pytest.raises(VolumeProblem):
            read_inside(volume, path)
    with pytest.raises(FileNotFoundError):
        read_inside(volume, "absent/env")
    assert not (volume / "absent").exists()
