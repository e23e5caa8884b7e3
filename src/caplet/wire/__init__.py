"""Bytes as untyped structs, lists and pointers: reading, building, copying, framing; knows no schemas."""
