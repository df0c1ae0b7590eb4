"""The data of ControllerRevisions."""

from __future__ import annotations

import json

from proa.cluster.controllers.revisions import data_of


def test_data_is_written_as_clients_write_it_who_compare_it_byte_by_byte() -> None:
    container = {
        "name": "c",
        "image": "i",
        "ports": [{"protocol": "TCP", "containerPort": 1}],
        "resources": {},
    }
    spec = {"dnsPolicy": "Default", "containers": [container]}
    template = {"metadata": {"labels": {"b": "1", "a": "2"}}, "spec": spec}

    assert json.dumps(data_of(template), separators=(",", ":")) == (
        '{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"a":"2","b":"1"}},"spec":{"containers":'
        '[{"image":"i","name":"c","ports":[{"containerPort":1,"protocol":"TCP"}],"resources":{}}],'
        '"dnsPolicy":"Default"}}}}'
    )
