"""Commands about the law: rules."""
