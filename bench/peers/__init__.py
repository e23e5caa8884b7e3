"""The contestants that run as processes of their own."""
