"""Signing requests: who asks, who may approve and sign, and what may not be asked.

Source: Kubernetes admission controllers CertificateApproval, CertificateSigning,
CertificateSubjectRestriction; the storage strategy of certificatesigningrequests.
"""

from __future__ import annotations

from proa.cluster.apiserver.admission.request import Request
from proa.cluster.apiserver.admission.steps import about
from proa.cluster.apiserver.authorization import Authorizer
from proa.cluster.apiserver.authorizer import Action
from proa.cluster.apiserver.certificates.requests import load_request, organizations
from proa.cluster.apiserver.certificates.signers import CLIENT
from proa.cluster.apiserver.identity import MASTERS
from proa.cluster.apiserver.schema import invalid
from proa.cluster.apiserver.schema.field_error import forbidden
from proa.cluster.apiserver.view import View
from proa.errors import ApiError, Forbidden
from proa.kube.meta import now
from proa.kube.resources import Object

GROUP = "certificates.k8s.io"
QUALIFIED = f"certificatesigningrequests.{GROUP}"
OF_PODS = f"podcertificaterequests.{GROUP}"
_DECIDING = ("Approved", "Denied")


@about(QUALIFIED)
def complete(request: Request, _view: View) -> None:
    """Note who asks; later nothing of what was asked changes. Times of conditions are the server's."""
    if request.operation == "CREATE":
        _note_asker(request)
    elif request.operation == "UPDATE" and request.old is not None:
        request.obj["spec"] = request.old["spec"]
        _check_conditions(request, request.old)


def _note_asker(request: Request) -> None:
    info = request.user.info()
    spec = request.obj.setdefault("spec", {})
    for name in ("username", "uid", "groups", "extra"):
        spec.pop(name, None)
        if info.get(name):
            spec[name] = info[name]


def _check_conditions(request: Request, old: Object) -> None:
    """Only the approval decides, and what is decided stays. Raises Invalid."""
    before, after = _conditions(old), _conditions(request.obj)
    errors = []
    for kind in (*_DECIDING, "Failed"):
        if kind in before and kind not in after:
            errors.append(f'updates may not remove a condition of type "{kind}"')
        added = kind in after and kind not in before
        if added and kind in _DECIDING and request.target.subresource != "approval":
            errors.append(f'updates may not add a condition of type "{kind}"')
    if errors and request.target.subresource:
        problems = request.target.kind.validate(request.obj, old)
        problems += [forbidden("status.conditions", detail) for detail in errors]
        raise invalid("CertificateSigningRequest", GROUP, request.target.name, problems)
    for kind, condition in after.items():
        moment = now()
        if condition != before.get(kind):
            condition["lastUpdateTime"] = condition.get("lastUpdateTime") or moment
            condition["lastTransitionTime"] = condition.get("lastTransitionTime") or moment


def _conditions(obj: Object) -> dict[str, Object]:
    listed = (obj.get("status") or {}).get("conditions") or []
    return {condition.get("type") or "": condition for condition in listed}


class SignerRights:
    """The admission step that asks who may approve and sign."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    def admit(self, request: Request, _view: View) -> None:
        """Raises Forbidden."""
        if request.operation == "CREATE":
            _check_subject(request)
        elif request.operation == "UPDATE" and request.old is not None:
            self._check_update(request, request.old)

    def admit_outcome(self, request: Request, _view: View) -> None:
        """Who says what becomes of a pod's certificate is its signer. Raises Forbidden."""
        if request.operation == "UPDATE" and request.obj.get("status") != (request.old or {}).get("status"):
            self._require(request, "sign")

    def _check_update(self, request: Request, old: Object) -> None:
        new_certificate = (request.obj.get("status") or {}).get("certificate")
        if request.target.subresource == "approval":
            self._require(request, "approve")
        elif new_certificate != (old.get("status") or {}).get("certificate"):
            self._require(request, "sign")

    def _require(self, request: Request, verb: str) -> None:
        signer = (request.obj.get("spec") or {}).get("signerName", "")
        names = (signer, f"{signer.partition('/')[0]}/*")
        actions = [Action(verb, GROUP, "signers", name=name) for name in names]
        if not any(self._authorizer.allowed(request.user, action) for action in actions):
            raise _refusal(request, f'user not permitted to {verb} requests with signerName "{signer}"')


def _check_subject(request: Request) -> None:
    spec = request.obj.get("spec") or {}
    if spec.get("signerName") == CLIENT and MASTERS in organizations(load_request(spec.get("request"))):
        raise _refusal(request, f"use of {CLIENT} signer with {MASTERS} group is not allowed")


def _refusal(request: Request, why: str) -> ApiError:
    about = request.target.of(request.name)
    return Forbidden(f'{about.qualified} "{about.name}" is forbidden: {why}', about.details())
