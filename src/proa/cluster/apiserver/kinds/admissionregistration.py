"""admissionregistration.k8s.io: webhooks and policies that see each write."""

from proa.cluster.apiserver.kind import STATUS, Group

_ADMISSION = Group("admissionregistration.k8s.io")
_EXTENSIONS = ("api-extensions",)

KINDS = (
    _ADMISSION.cluster_wide(
        "mutatingadmissionpolicies", "MutatingAdmissionPolicy", categories=_EXTENSIONS, generation=True
    ),
    _ADMISSION.cluster_wide(
        "mutatingadmissionpolicybindings",
        "MutatingAdmissionPolicyBinding",
        categories=_EXTENSIONS,
        generation=True,
    ),
    _ADMISSION.cluster_wide(
        "mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
        categories=_EXTENSIONS,
        generation=True,
    ),
    _ADMISSION.cluster_wide(
        "validatingadmissionpolicies",
        "ValidatingAdmissionPolicy",
        categories=_EXTENSIONS,
        subresources=(STATUS,),
        generation=True,
    ),
    _ADMISSION.cluster_wide(
        "validatingadmissionpolicybindings",
        "ValidatingAdmissionPolicyBinding",
        categories=_EXTENSIONS,
        generation=True,
    ),
    _ADMISSION.cluster_wide(
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
        categories=_EXTENSIONS,
        generation=True,
    ),
)
