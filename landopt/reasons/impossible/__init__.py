"""Why no plan satisfies the rules, or none serves a platform, and what would have to give way."""
