"""What others need to check service-account tokens (source: OpenID Connect Discovery 1.0)."""

from __future__ import annotations

from typing import Any

from proa.cluster.apiserver.tokens import TokenSigner

CONFIGURATION, KEYS = "/.well-known/openid-configuration", "/openid/v1/jwks"


class OpenId:
    """The two documents. `address` is where this server is reached, `host:port`."""

    def __init__(self, signer: TokenSigner, address: str) -> None:
        self._documents: dict[str, tuple[str, dict[str, Any]]] = {
            CONFIGURATION: (
                "application/json",
                {
                    "issuer": signer.issuer,
                    "jwks_uri": f"https://{address}{KEYS}",
                    "response_types_supported": ["id_token"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["ES256"],
                },
            ),
            KEYS: ("application/jwk-set+json", {"keys": [signer.public_key()]}),
        }

    def document(self, path: str) -> tuple[str, dict[str, Any]] | None:
        """Media type and content at a path; None where there is none."""
        return self._documents.get(path)
