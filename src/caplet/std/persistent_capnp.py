# Types of the schema file 'persistent.capnp'; made by scripts/standard_modules.py, changes to them are lost.

from caplet import open_module as _open_module

__getattr__, __dir__ = _open_module(globals(), 0xb8630836983feed7, ['caplet.std.cxx_capnp'], 'capnp/persistent.capnp')
