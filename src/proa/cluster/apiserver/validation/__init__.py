"""Rules beyond the schema, one file a subject; each takes (object, stored object or None).

The rules speak of what is there: fields that are missing are the schema's business, and
each rule bears their absence. Wording and fields are those of Kubernetes.
"""
