"""One file a layer kind: its forward steps, counts and textbook backward, on a draft of a working."""
