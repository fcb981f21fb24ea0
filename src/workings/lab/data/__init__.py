"""Data for the studies: records that are checked when made, and readers of the forms in which people have it.

Nothing that is read is executed, every size is bounded before memory is taken, and what is refused is refused
with file, field and row.
"""
