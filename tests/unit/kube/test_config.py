from pathlib import Path

import pytest

from proa.errors import UserError
from proa.kube import load_config

GOOD = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1/"}}]
users: [{name: u, user: {token: secret}}]
contexts: [{name: x, context: {cluster: c, user: u, namespace: shop}}]
current-context: x
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "kubeconfig"
    path.write_text(text)
    return path


def test_a_kubeconfig_with_a_token(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, GOOD))
    assert (config.server, config.token(), config.namespace) == ("http://127.0.0.1:1", "secret", "shop")
    assert config.tls is None


def test_a_token_file_is_beside_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    config = load_config(written(tmp_path, GOOD.replace("token: secret", "tokenFile: token")))
    assert config.token() == "from-file"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "is not YAML"),
        (GOOD.replace("current-context: x", ""), "'current-context' is missing"),
        (GOOD.replace("cluster: c,", "cluster: d,"), "'clusters: d' is missing"),
        (GOOD.replace("token: secret", "exec: {command: x}"), "credential plugins are not supported"),
        ("", "is missing"),
    ],
)
def test_a_bad_kubeconfig_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint) as caught:
        load_config(written(tmp_path, text))
    assert str(tmp_path) in str(caught.value)


def test_no_kubeconfig(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        load_config(tmp_path / "absent")
