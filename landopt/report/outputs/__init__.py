"""The outputs of ``landopt report``: a module each, found by being here (docs/how-to-add-an-output.md)."""
