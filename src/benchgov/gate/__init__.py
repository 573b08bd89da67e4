"""Gate: decide. Statistics, thresholds, families; pure functions of (report, baseline, policy)."""
