"""The Word templates: shipped ones, those a bureau gives back, and how their places are filled by name."""
