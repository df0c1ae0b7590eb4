"""The HTTP surface: what stands between a connection and the registry."""
