"""What the law says to candidate pairs of site and demand, many at a time, by look-up."""
