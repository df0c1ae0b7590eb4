"""Watching `local-path-config`: the last good configuration is the one that holds."""

from __future__ import annotations

import logging
from collections.abc import Callable

from proa.kube import CONFIG_MAPS, EventRecorder, Informer, Manager
from proa.storage.config import ConfigError, LocalPathConfig, default_document, parse_config
from proa.storage.names import CONFIG_MAP, NAMESPACE

_log = logging.getLogger(__name__)


class Settings:
    """The configuration in force, followed by watch; `changed` is called after each reload."""

    def __init__(self, manager: Manager, events: EventRecorder, default_path: str) -> None:
        self.current: LocalPathConfig = parse_config(default_document(default_path))
        self.changed: Callable[[], None] = lambda: None
        self._default_path = default_path
        self._events = events
        self._informer = manager.informer(
            CONFIG_MAPS, NAMESPACE, field_selector=f"metadata.name={CONFIG_MAP}"
        )

    @property
    def informer(self) -> Informer:
        """The informer of that one ConfigMap."""
        return self._informer

    async def reconcile(self, key: str) -> None:
        """Take over what the ConfigMap says now; a bad one is reported and leaves the old in force."""
        config_map = self._informer.get(key)
        text = (config_map.get("data") or {}).get("config.json") if config_map is not None else None
        try:
            parsed = parse_config(default_document(self._default_path) if text is None else text)
        except ConfigError as fault:
            _log.error("local-path-config: %s; the last good configuration stays in force", fault)
            if config_map is not None:
                await self._events.event(
                    config_map, "Warning", "InvalidConfig", f"failed to load config: {fault}"
                )
            return
        if parsed != self.current:
            _log.info("local-path-config: reloaded")
            self.current = parsed
        self.changed()
