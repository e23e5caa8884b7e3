"""Values as text and as JSON, in both directions, given a schema."""

from caplet.notation.text import format_text, parse_text

__all__ = ["format_text", "parse_text"]
