"""events.k8s.io: the newer shape of the core group's events."""

from proa.cluster.apiserver.kind import Group

KINDS = (Group("events.k8s.io").namespaced("events", "Event", short_names=("ev",)),)
