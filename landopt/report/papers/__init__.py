"""Documents for the file: proposal, review sheets, notices, as Word and PDF."""
