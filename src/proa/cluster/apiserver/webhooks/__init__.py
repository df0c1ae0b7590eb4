"""Webhooks: HTTPS servers that are asked about writes, and the caller that asks them."""

from proa.cluster.apiserver.webhooks.caller import CallFailed, WebhookCaller

__all__ = ["CallFailed", "WebhookCaller"]
