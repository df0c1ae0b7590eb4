"""The part of Go's text/template that path patterns use: fields of the claim and the volume's name.

`{{ .PVName }}`, `{{ .PVC.Namespace }}`, `{{ .PVC.Name }}`, `{{ .PVC.Labels.app }}`,
`{{ index .PVC.Annotations "a/b" }}`, with `{{-` and `-}}` trimming as Go does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from proa.kube import Object, annotations_of, labels_of
from proa.storage.config import ConfigError

_ACTION = re.compile(r"(\s*\{\{-\s|\{\{)\s*(.*?)\s*(\s-\}\}\s*|\}\})", re.DOTALL)
_INDEX = re.compile(r'index\s+\.PVC\.(Labels|Annotations)\s+"([^"]*)"')
_FIELD = re.compile(r"\.PVC\.(Labels|Annotations)\.(\w+)")


def render(pattern: str, volume_name: str, claim: Object) -> str:
    """The pattern with its actions replaced. Raises ConfigError for an action beyond that subset."""
    metadata = claim["metadata"]
    plain = {
        ".PVName": volume_name,
        ".PVC.Namespace": metadata["namespace"],
        ".PVC.Name": metadata["name"],
    }
    maps = {"Labels": labels_of(claim), "Annotations": annotations_of(claim)}
    text = _ACTION.sub(lambda match: _value(match[2], plain, maps), pattern)
    if "{{" in _ACTION.sub("", pattern):
        raise ConfigError(f"template: unclosed action in {pattern!r}")
    return text


def _value(action: str, plain: Mapping[str, str], maps: Mapping[str, Mapping[str, str]]) -> str:
    if action in plain:
        return plain[action]
    if match := _FIELD.fullmatch(action):
        return maps[match[1]].get(match[2], "<no value>")
    if match := _INDEX.fullmatch(action):
        return maps[match[1]].get(match[2], "")
    raise ConfigError(
        f"template: {action!r} is not supported: use .PVName, .PVC.Namespace, .PVC.Name,"
        ' .PVC.Labels.KEY, .PVC.Annotations.KEY or index .PVC.Labels "KEY"'
    )
