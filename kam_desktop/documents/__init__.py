"""Data for a printed document and its template; the documents come with a later version."""
