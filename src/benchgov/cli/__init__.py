"""argv → call → exit code. One file per command group; no logic."""
