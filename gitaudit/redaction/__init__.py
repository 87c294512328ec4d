"""What keeps secrets out of records, as pure functions: which values are known to be secret, and what looks like one.

Allow-lists come first: `iac` takes names out of a tool's files and nothing else. What is left is free text and names
that people chose. `known` and `scrub` take the values out that this run has met; `shapes` says what could be a secret
by its looks, and is the first pass of the scan of a finished record (docs/threat-model.md, "Secrets").
"""
