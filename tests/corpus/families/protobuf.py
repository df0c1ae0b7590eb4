"""Objects of many kinds sent in protobuf, as kubectl and typed clients send them."""

from __future__ import annotations

import base64

from corpus.story import post, story
from corpus.tables import rows

PROTOBUF = "application/vnd.kubernetes.protobuf"

STORIES = (
    story(
        "bodies",
        *(
            post(kind, f"{path}?dryRun=All", base64.b64decode(body), type=PROTOBUF)
            for kind, path, body in rows("protobuf")
        ),
        post("cut short", "/api/v1/namespaces/default/configmaps", b"k8s\x00\x0a\x10", type=PROTOBUF),
        namespace=False,
    ),
)
