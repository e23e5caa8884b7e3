# C types of structs.py, and the slots of generated classes that are set directly because what Python would put there is slow.
cimport cython
from cpython.exc cimport PyErr_Clear
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from caplet.runtime.fields cimport Field
from caplet.runtime.forms cimport frame_struct, new_root, open_framed
from caplet.runtime.plans cimport StructKind
from caplet.wire.views cimport StructReader

cdef extern from "Python.h":
    ctypedef struct TypeObject "PyTypeObject":
        PyObject *(*tp_getattro)(PyObject *, PyObject *) except NULL
        object (*tp_new)(object, object, PyObject *)
        int (*tp_init)(object, object, PyObject *) except -1
    PyObject *generic_getattr "PyObject_GenericGetAttr"(PyObject *, PyObject *)
    PyObject *PyExc_AttributeError
    PyObject *PyErr_Occurred()

cdef bint COMPILED

cdef inline PyObject *explained(PyObject *obj, PyObject *name) except NULL:
    # The plain way for attributes that are there; only then are names compared.
    cdef PyObject *found = generic_getattr(obj, name)
    if found is NULL:
        if PyErr_Occurred() is not PyExc_AttributeError:
            return NULL
        PyErr_Clear()
        made = (<object>obj)._explain(<object>name)
        Py_INCREF(made)
        return <PyObject *>made
    return found

cdef inline object make_root(object cls, object args, PyObject *named):
    # Struct.__new__
    cdef StructKind plan = <StructKind?>cls._plan
    cdef StructReader made = plan.new(True)
    new_root(plan, made)
    if args:
        plan.fill_in_order(made, args, {} if named is NULL else <object>named)
    elif named is not NULL:
        plan.fill(made, <dict>named)
    return made

cdef inline int nothing_left(object obj, object args, PyObject *named) except -1:
    # Struct.__init__
    return 0

cdef inline set_slots(object cls):
    (<TypeObject *>cls).tp_getattro = explained
    (<TypeObject *>cls).tp_new = make_root
    (<TypeObject *>cls).tp_init = nothing_left
