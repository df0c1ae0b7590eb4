"""Service addresses and node ports: who has which, and the Service of the API server itself."""
