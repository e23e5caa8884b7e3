# Types of the schema file 'rpc.capnp'; made by scripts/standard_modules.py, changes to them are lost.

from caplet import open_module as _open_module

__getattr__, __dir__ = _open_module(globals(), 0xb312981b2552a250, ['caplet.std.cxx_capnp'], 'capnp/rpc.capnp')
