"""Persistent volumes as directories of a node: provisioner `rancher.io/local-path`. See docs/storage.md."""

from proa.storage.install import install, setup
from proa.storage.local_path import LocalPathProvisioner, StorageConfig

__all__ = ["LocalPathProvisioner", "StorageConfig", "install", "setup"]
