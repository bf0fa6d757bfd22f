"""Commands that put the toolboxes into programs that show maps."""
