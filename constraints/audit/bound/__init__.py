"""What binds a plan folder to its sources: the form of its files, law and round, layers."""
