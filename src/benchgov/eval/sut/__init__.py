"""Systems under test: what they are, where they run, and what they answer."""
