"""Git: by libgit2 what only reads, by the program `git` what moves refs and reaches remotes; the door to pygit2."""
