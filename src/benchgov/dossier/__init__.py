"""Dossier: the release report. Gather, render."""
