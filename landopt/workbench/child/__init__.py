"""What runs in a child process of the workbench: everything that needs tables, a solver or a plan held open."""
