"""The rubric scores by how far the number is from the double."""
