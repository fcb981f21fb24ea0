"""The expression language: one file a pass, one table row an operation."""
