"""Networks written out for the studies; importing one loads torch."""
