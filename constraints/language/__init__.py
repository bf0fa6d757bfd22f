"""The rule language: parsed once into frozen nodes, evaluated in three-valued logic, never executed."""
