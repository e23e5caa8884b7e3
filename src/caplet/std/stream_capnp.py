# Types of the schema file 'stream.capnp'; made by scripts/standard_modules.py, changes to them are lost.

from caplet import open_module as _open_module

__getattr__, __dir__ = _open_module(globals(), 0x86c366a91393f3f8, ['caplet.std.cxx_capnp'], 'capnp/stream.capnp')
