"""All that can be set, declared once: flags, variables, the configuration file and help come from here."""

from proa.settings.declaration import (
    AGENT,
    COMMON,
    SERVER,
    Option,
    Settings,
    default_text,
    options,
    options_of,
)
from proa.settings.load import flag_of, from_text, load, variable_of

__all__ = [
    "AGENT", "COMMON", "SERVER", "Option", "Settings", "default_text",
    "flag_of", "from_text", "load", "options", "options_of", "variable_of",
]  # fmt: skip
