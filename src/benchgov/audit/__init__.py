"""Audit: a hash-chained, append-only log of what was measured and decided."""
