# Types of the schema file 'call-metadata.capnp'; made by scripts/standard_modules.py, changes to them are lost.

from caplet import open_module as _open_module

__getattr__, __dir__ = _open_module(globals(), 0xc410ee251e5989f0, [], 'caplet/call-metadata.capnp')
