# Types of the schema file 'json.capnp'; made by scripts/standard_modules.py, changes to them are lost.

from caplet import open_module as _open_module

__getattr__, __dir__ = _open_module(globals(), 0x8ef99297a43a5e34, ['caplet.std.cxx_capnp'], 'capnp/compat/json.capnp')
