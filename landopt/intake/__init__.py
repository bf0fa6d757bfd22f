"""The files of a round become a case; scenarios are laid over it."""
