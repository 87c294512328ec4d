"""A module for each file of each tool; `gitaudit.iac.FORMATS` lists them, and loads one where it is needed."""
