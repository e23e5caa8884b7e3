# Types of the schema file 'byte-stream.capnp'; made by scripts/standard_modules.py, changes to them are lost.

from caplet import open_module as _open_module

__getattr__, __dir__ = _open_module(globals(), 0x8f5d14e1c273738d, ['caplet.std.cxx_capnp', 'caplet.std.stream_capnp'], 'capnp/compat/byte-stream.capnp')
