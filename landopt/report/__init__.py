"""What people look at: map, tables, documents, from the plan folder alone."""
