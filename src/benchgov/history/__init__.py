"""How a benchmark's numbers went over many reports, and where they changed."""
