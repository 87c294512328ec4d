"""Reading the files of a commit: whose tool's they are, which blocks of them change, and what a reviewer should see."""
