"""Changes: which commits change infrastructure as code, and what their records say."""
