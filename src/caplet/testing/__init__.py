"""Testing programs that call each other: a simulated network, transcripts, scripted peers, leak checks."""
