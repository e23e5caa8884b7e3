"""Schemas as data: the model, the registry, and the codec between nodes and schema.capnp messages."""
