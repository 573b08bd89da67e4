"""What numbers say: exact rank tests, estimates with intervals, error control, and when to stop looking."""
