"""Questions answered by solving again: to the end where the round is small, under one clock, told how they ended."""
