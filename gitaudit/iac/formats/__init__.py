"""A folder for each tool, a module for each file of it; `gitaudit.iac.FORMATS` lists them."""
