"""The pages of ``docs/`` that are made from the packs and the code."""
