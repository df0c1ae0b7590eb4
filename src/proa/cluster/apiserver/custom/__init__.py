"""Custom resources: definitions, their schemas, and the kinds that are served because of them."""
