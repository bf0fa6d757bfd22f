"""Rule files, packs, policies and methods become checked rules; every fault with file and line."""
