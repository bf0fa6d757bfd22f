"""One choice changed and the rest held: variants, feasibility, held-still comparisons."""
