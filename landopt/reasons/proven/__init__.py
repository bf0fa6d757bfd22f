"""What a proof says of other plans, without a solver: other amounts, offers gone, choices that stand."""
