# Types of the schema file 'rpc-twoparty.capnp'; made by scripts/standard_modules.py, changes to them are lost.

from caplet import open_module as _open_module

__getattr__, __dir__ = _open_module(globals(), 0xa184c7885cdaf2a1, ['caplet.std.cxx_capnp'], 'capnp/rpc-twoparty.capnp')
