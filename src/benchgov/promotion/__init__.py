"""Promotion: tiers, the read-only verdict, and the proposal to people."""
