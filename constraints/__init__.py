"""The law: dated, cited rules, what they mean for an offer and for a plan, and the audit."""
