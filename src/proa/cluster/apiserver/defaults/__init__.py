"""What a kind's objects get where their makers left something open.

Each function fills in one object in place and may be called again without effect.
Source: the `SetDefaults_*` functions that the Kubernetes API reference describes field by field.
"""
