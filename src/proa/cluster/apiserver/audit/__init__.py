"""The audit log: who did what, as lines of audit.k8s.io/v1 Events in a file."""
