"""GitHub: the one room that talks to GitHub."""
