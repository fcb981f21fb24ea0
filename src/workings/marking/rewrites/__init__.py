"""What a slip does to one node of a formula, by what the node is about."""
