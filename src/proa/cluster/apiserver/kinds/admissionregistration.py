"""admissionregistration.k8s.io: webhooks and policies that see each write."""

from proa.cluster.apiserver.columns import policies as columns
from proa.cluster.apiserver.defaults import policies as defaults
from proa.cluster.apiserver.defaults import status
from proa.cluster.apiserver.kind import STATUS, Group
from proa.cluster.apiserver.policies import field_rules, mutating_rules
from proa.cluster.apiserver.validation import webhooks as webhook_rules

_ADMISSION = Group("admissionregistration.k8s.io")
_EXTENSIONS = ("api-extensions",)

KINDS = (
    _ADMISSION.cluster_wide(
        "mutatingadmissionpolicies",
        "MutatingAdmissionPolicy",
        unconditional_updates=False,
        categories=_EXTENSIONS,
        columns=columns.MUTATING_POLICIES,
        defaults=(defaults.admission_policy,),
        rules=(mutating_rules.mutating_policy,),
        generation=True,
    ),
    _ADMISSION.cluster_wide(
        "mutatingadmissionpolicybindings",
        "MutatingAdmissionPolicyBinding",
        unconditional_updates=False,
        categories=_EXTENSIONS,
        columns=columns.POLICY_BINDINGS,
        defaults=(defaults.policy_binding,),
        rules=(field_rules.policy_binding,),
        generation=True,
    ),
    _ADMISSION.cluster_wide(
        "mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
        unconditional_updates=False,
        categories=_EXTENSIONS,
        columns=columns.WEBHOOKS,
        defaults=(defaults.mutating_webhooks,),
        rules=(webhook_rules.configuration, field_rules.webhook_conditions),
        generation=True,
    ),
    _ADMISSION.cluster_wide(
        "validatingadmissionpolicies",
        "ValidatingAdmissionPolicy",
        status_alone=True,
        unconditional_updates=False,
        categories=_EXTENSIONS,
        subresources=(STATUS,),
        columns=columns.VALIDATING_POLICIES,
        defaults=(defaults.admission_policy,),
        first_status=status.empty,
        rules=(field_rules.validating_policy,),
        generation=True,
    ),
    _ADMISSION.cluster_wide(
        "validatingadmissionpolicybindings",
        "ValidatingAdmissionPolicyBinding",
        unconditional_updates=False,
        categories=_EXTENSIONS,
        columns=columns.POLICY_BINDINGS,
        defaults=(defaults.policy_binding,),
        rules=(field_rules.validating_binding,),
        generation=True,
    ),
    _ADMISSION.cluster_wide(
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
        unconditional_updates=False,
        categories=_EXTENSIONS,
        columns=columns.WEBHOOKS,
        defaults=(defaults.validating_webhooks,),
        rules=(webhook_rules.configuration, field_rules.webhook_conditions),
        generation=True,
    ),
)
