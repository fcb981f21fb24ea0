"""What is measured of predictions: counts and the ratios made of them, events in time."""
