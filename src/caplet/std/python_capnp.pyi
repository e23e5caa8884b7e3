# Types of the schema file 'python.capnp'; made by Caplet, changes to them are lost.

import builtins as _b
import typing as _y
import caplet.codegen.typed as _t

name: _y.Final[_t.AnnotationSchema[_b.str]]
