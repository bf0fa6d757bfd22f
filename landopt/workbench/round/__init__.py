"""What the page keeps in the files of a round beside its scenarios: columns by choice, states of an adoption."""
