"""Watching `local-path-config`: the last good configuration is the one that holds."""

from __future__ import annotations

import contextlib
import logging

from proa.kube import CONFIG_MAPS, EventRecorder, Informer, Manager, Object
from proa.storage.config import ConfigError, LocalPathConfig, default_document, parse_config
from proa.storage.names import CONFIG_MAP, NAMESPACE

_log = logging.getLogger(__name__)


class Settings:
    """The configuration in force, followed by watch."""

    def __init__(self, manager: Manager, events: EventRecorder, default_path: str) -> None:
        self.current: LocalPathConfig = parse_config(default_document(default_path))
        self._default_path = default_path
        self._events = events
        self._informer = manager.informer(
            CONFIG_MAPS, NAMESPACE, field_selector=f"metadata.name={CONFIG_MAP}"
        )
        self._informer.on_change(self._take)

    @property
    def informer(self) -> Informer:
        """The informer of that one ConfigMap."""
        return self._informer

    def _take(self, _old: Object | None, new: Object | None) -> None:
        """A good one holds as soon as it is known, so before controllers that wait for it begin."""
        with contextlib.suppress(ConfigError):  # which `reconcile` tells
            parsed = self._parsed(new)
            if parsed != self.current:
                _log.info("local-path-config: reloaded")
                self.current = parsed

    async def reconcile(self, key: str) -> None:
        """Report a bad configuration."""
        config_map = self._informer.get(key)
        try:
            self._parsed(config_map)
        except ConfigError as fault:
            _log.error("local-path-config: %s; the last good configuration stays in force", fault)
            if config_map is not None:
                await self._events.event(
                    config_map, "Warning", "InvalidConfig", f"failed to load config: {fault}"
                )

    def _parsed(self, config_map: Object | None) -> LocalPathConfig:
        text = (config_map.get("data") or {}).get("config.json") if config_map is not None else None
        return parse_config(default_document(self._default_path) if text is None else text)
