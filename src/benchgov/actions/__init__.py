"""Actions: INPUT_* → the same calls as the commands → outputs, annotations, job summary. One file per action."""
