"""Vats: everything that one event loop has to do with the protocol, without any I/O."""

from caplet.vat.vat import Vat

__all__ = ["Vat"]
