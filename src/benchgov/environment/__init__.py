"""Environment: what machine is this, and is it the pinned one."""
