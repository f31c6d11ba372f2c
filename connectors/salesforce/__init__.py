"""Salesforce: changes in, records read and written, and a simulated org to try it all on."""
