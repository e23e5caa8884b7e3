# C types of structs.py.
cimport cython
from cpython.exc cimport PyErr_Clear, PyErr_ExceptionMatches
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from caplet.runtime.fields cimport Field
from caplet.runtime.plans cimport StructKind

cdef extern from "Python.h":
    ctypedef struct TypeObject "PyTypeObject":
        PyObject *(*tp_getattro)(PyObject *, PyObject *) except NULL
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

cdef inline explain_with_slot(object cls):
    (<TypeObject *>cls).tp_getattro = explained
