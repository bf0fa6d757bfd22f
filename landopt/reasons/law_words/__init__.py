"""What is said of rules, packs, articles and what the round changed of them by itself."""
