# Types of the schema file 'c++.capnp'; made by scripts/standard_modules.py, changes to them are lost.

from caplet import open_module as _open_module

__getattr__, __dir__ = _open_module(globals(), 0xbdf87d7bb8304e81, [], 'capnp/c++.capnp')
