"""Frees the node of pods when its memory or disk runs short, and of pods that exceed their disk limits."""
