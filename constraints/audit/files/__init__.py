"""The files of a plan folder as the auditor reads them: strict JSON, the plan, the offers. Standard library only."""
