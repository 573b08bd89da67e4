"""Baselines: the immutable, regime-scoped store."""
