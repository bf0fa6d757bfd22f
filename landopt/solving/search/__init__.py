"""The search for a plan: restricted programmes, large neighbourhood search, ties."""
