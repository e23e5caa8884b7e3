"""Schemas to source code: Python modules, requests for code generators, and running them."""

from caplet.codegen.modules import build_modules, write_modules
from caplet.codegen.plugins import find_plugin, run_plugin

__all__ = ["build_modules", "find_plugin", "run_plugin", "write_modules"]
