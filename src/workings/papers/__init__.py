"""Papers: a document of questions, studies and claims read once, solved, and written as a page."""
