"""Eval: scores of task classes."""
