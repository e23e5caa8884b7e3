"""Figures: Caplet beside other implementations, on the same work, in the same run."""
