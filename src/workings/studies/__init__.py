"""Training questions, one file a study; the file's name is the study's name."""
