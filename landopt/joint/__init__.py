"""Joint rounds: many cities' rounds under common limits, with one proven bound over all of them."""
