"""Adapters: read what other benchmark tools wrote, one file per tool, into benchmark report v1."""
