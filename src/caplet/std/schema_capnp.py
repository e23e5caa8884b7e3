# Types of the schema file 'schema.capnp'; made by scripts/standard_modules.py, changes to them are lost.

from caplet import open_module as _open_module

__getattr__, __dir__ = _open_module(globals(), 0xa93fc509624c72d9, ['caplet.std.cxx_capnp'], 'capnp/schema.capnp')
