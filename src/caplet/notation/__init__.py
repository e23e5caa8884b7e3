"""Values as text and as JSON, in both directions, given a schema."""

from caplet.notation.json_codec import JsonCodec, format_json, parse_json
from caplet.notation.text import format_text, parse_text

__all__ = ["JsonCodec", "format_json", "format_text", "parse_json", "parse_text"]
