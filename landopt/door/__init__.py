"""What the front door (:mod:`landopt.api`) is made of: frames in and out, a plan as a value, its answers."""
