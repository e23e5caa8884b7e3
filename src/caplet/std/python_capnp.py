# Types of the schema file 'python.capnp'; made by scripts/standard_modules.py, changes to them are lost.

from caplet import open_module as _open_module

__getattr__, __dir__ = _open_module(globals(), 0xae8d4c1f60b7a253, [], 'capnp/python.capnp')
