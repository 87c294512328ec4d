"""What the server of a log decides: which pushes it refuses, which moves of refs, and what it records itself."""
