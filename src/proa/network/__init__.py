"""The pod network: CNI plugin and daemon, addresses, backends, masquerade."""
