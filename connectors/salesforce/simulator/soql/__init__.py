"""SOQL over the simulated org: text, tree, plan, rows."""
