"""The columns that `kubectl get` prints, one file a subject."""
