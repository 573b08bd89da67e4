"""Actions: INPUT_* → the same calls as the commands → outputs, annotations, summary. One file per action."""
