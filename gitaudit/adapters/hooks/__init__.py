"""Git hooks: the short way that most runs of a hook take, and the files that call it."""
