"""The process that searches, and its handle from outside."""
