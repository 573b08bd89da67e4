"""Suites: manifests that say what is measured; load, validate, select."""
