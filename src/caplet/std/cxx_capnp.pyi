# Types of the schema file 'c++.capnp'; made by Caplet, changes to them are lost.

import builtins as _b
import typing as _y
import caplet.codegen.typed as _t

namespace: _y.Final[_t.AnnotationSchema[_b.str]]
name: _y.Final[_t.AnnotationSchema[_b.str]]
allowCancellation: _y.Final[_t.AnnotationSchema[None]]
