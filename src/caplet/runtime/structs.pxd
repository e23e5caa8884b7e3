# C types of structs.py, and the slots of generated classes that are set directly because what Python would put there is slow.
from cpython.exc cimport PyErr_Clear
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF
from caplet.runtime.fields cimport Field, FieldBuilder
from caplet.runtime.forms cimport frame_struct, new_root, open_framed
from caplet.runtime.plans cimport StructKind
from caplet.wire.views cimport StructReader

cdef extern from "Python.h":
    ctypedef struct TypeObject "PyTypeObject"
    ctypedef object (*MakesNew "newfunc")(TypeObject *, object, PyObject *)
    ctypedef struct TypeObject "PyTypeObject":
        object (*tp_getattro)(object, object)
        int (*tp_setattro)(object, object, PyObject *) except -1
        object (*tp_descr_get)(object, object, object)
        int (*tp_descr_set)(object, object, object) except -1
        MakesNew tp_new
        int (*tp_init)(object, object, PyObject *) except -1
    PyObject *generic_getattr "PyObject_GenericGetAttr"(PyObject *, PyObject *)
    PyObject *found_in "_PyType_Lookup"(TypeObject *, PyObject *)
    TypeObject *type_of "Py_TYPE"(PyObject *)
    PyObject *PyExc_AttributeError
    PyObject *PyErr_Occurred()

cdef bint COMPILED

cdef inline int raise_again() except -1:
    # What was raised in C.
    return -1

cdef inline object get_attribute(object obj, object name):
    # A field is read at once. The plain way for others that are there; only for those that are not, names are compared.
    cdef PyObject *found = found_in(type_of(<PyObject *>obj), <PyObject *>name)
    cdef Field field
    if found is not NULL and type_of(found).tp_descr_get is (<TypeObject *>Field).tp_descr_get:
        field = <Field>found
        return field.read(<StructReader>obj)
    found = generic_getattr(<PyObject *>obj, <PyObject *>name)
    if found is NULL:
        if PyErr_Occurred() is not PyExc_AttributeError:
            raise_again()
        PyErr_Clear()
        return obj._explain(name)
    made = <object>found
    Py_DECREF(made)
    return made

cdef inline int set_attribute(object obj, object name, PyObject *value) except -1:
    # Of a builder: a field is written at once.
    cdef PyObject *found = found_in(type_of(<PyObject *>obj), <PyObject *>name)
    cdef Field field
    if value is not NULL and found is not NULL and type_of(found).tp_descr_set is (<TypeObject *>Field).tp_descr_set:
        field = <Field>found
        field.write(<StructReader>obj, <object>value)
        return 0
    return (<TypeObject *>FieldBuilder).tp_setattro(obj, name, value)

cdef inline object make_root(TypeObject *cls, object args, PyObject *named):
    # Struct.__new__
    cdef StructKind plan = <StructKind?>(<object>cls)._plan
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
    (<TypeObject *>cls).tp_getattro = get_attribute
    if issubclass(cls, FieldBuilder):
        (<TypeObject *>cls).tp_setattro = set_attribute
    (<TypeObject *>cls).tp_new = make_root
    (<TypeObject *>cls).tp_init = nothing_left
