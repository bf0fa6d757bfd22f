"""Files in and out: every format one module, one door to all of them."""
