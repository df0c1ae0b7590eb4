"""resource.k8s.io: devices that pods claim."""

from proa.cluster.apiserver.kind import STATUS, Group, read

_RESOURCE = Group("resource.k8s.io")

KINDS = (
    _RESOURCE.cluster_wide("deviceclasses", "DeviceClass", returns_deleted=True, generation=True),
    _RESOURCE.cluster_wide("devicetaintrules", "DeviceTaintRule", subresources=(STATUS,), generation=True),
    _RESOURCE.namespaced("resourceclaims", "ResourceClaim", subresources=(STATUS,)),
    _RESOURCE.namespaced("resourceclaimtemplates", "ResourceClaimTemplate"),
    _RESOURCE.cluster_wide(
        "resourceslices",
        "ResourceSlice",
        generation=True,
        fields={"spec.driver": read("spec", "driver"), "spec.nodeName": read("spec", "nodeName")},
    ),
)
