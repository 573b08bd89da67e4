"""Split a suite over jobs, and join what the jobs measured."""
