"""What the readers of files share: encodings, dbf tables, archives, curves, breaks."""
