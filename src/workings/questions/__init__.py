"""One file a question; the file's name is the question's name. See `workings.question` for the contract."""
