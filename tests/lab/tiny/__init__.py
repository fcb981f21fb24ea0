"""Studies so small that a cell takes milliseconds."""
