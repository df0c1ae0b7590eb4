"""What runs in the long-lived processes: each part composes rooms that do not know each other.

Started as `python -m proa.cli.parts.server SETTINGS` by whoever keeps the parts running, past the
command line, which costs time and memory.
"""
