"""Schemas to source code: requests for code generators, and running them."""

from caplet.codegen.plugins import find_plugin, run_plugin

__all__ = ["find_plugin", "run_plugin"]
