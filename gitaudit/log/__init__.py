"""The pure core of the log: record and commit bytes, hashes, paths, messages and the rules that link them.

Nothing here reads a file, a clock or the environment. `docs/format.md` is the specification these modules implement.
"""
