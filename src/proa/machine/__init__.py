"""The cluster on this machine: what it is made of, brought up and taken down.

`layout` says where everything lies and `plan` what runs; both only compute. `bringup` and
`teardown` act. Nothing here speaks the Kubernetes API beyond asking whether nodes are ready.
"""
