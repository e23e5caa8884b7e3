"""What `help` and `inspect.signature` show of generated classes.

Knows how comments, fields and methods of a schema become docstrings and signatures. They are made when somebody looks at them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import inspect
    from collections.abc import Iterable

    from caplet.runtime.interfaces import MethodPlan
    from caplet.runtime.reflection import EnumSchema, FieldSchema, InterfaceSchema, MethodSchema, Schema, StructSchema
    from caplet.runtime.schema_types import SchemaType

__all__ = ["CLASS_DOC", "CLASS_SIGNATURE", "method_doc", "method_signature"]


class ClassDoc:
    """The attribute `__doc__` of generated classes."""

    __slots__ = ()

    def __get__(self, obj: Any, owner: Any) -> str:
        return class_doc(obj.__class__ if owner is None else owner)


class ClassSignature:
    """The attribute `__signature__` of struct classes: the fields by name."""

    __slots__ = ()

    def __get__(self, obj: Any, owner: Any) -> Any:
        from caplet.runtime.reflection import StructSchema, schema_of

        cls = obj.__class__ if owner is None else owner
        if not hasattr(cls, "_factory"):
            raise AttributeError("__signature__")
        schema = schema_of(cls)
        assert isinstance(schema, StructSchema)
        return _signature(schema.fields.values(), cls)


CLASS_DOC = ClassDoc()
CLASS_SIGNATURE = ClassSignature()


def class_doc(cls: Any) -> str:
    """Return the docstring of a generated class."""
    from caplet.runtime.reflection import EnumSchema, InterfaceSchema, StructSchema, schema_of

    schema = schema_of(cls)
    if isinstance(schema, StructSchema):
        members = _struct_members(schema)
    elif isinstance(schema, EnumSchema):
        members = _enum_members(schema)
    else:
        assert isinstance(schema, InterfaceSchema)
        members = _interface_members(schema)
    head = schema.doc or _no_comment(schema)
    if hasattr(cls, "_client"):
        head = f"Base of servers of {schema.name}; define its methods as ordinary or `async` ones.\n\n{schema.doc}".rstrip()
    return f"{head}\n\n{members}" if members else head


def _no_comment(schema: Schema) -> str:
    return f"The {schema.kind} {schema.full_name}."


def _listed(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """Return rows of a name and a comment as the lines below a title."""
    lines: list[str] = []
    for name, doc in rows:
        lines.append(f"    {name}")
        lines += [f"        {line}".rstrip() for line in doc.splitlines()]
    return "\n".join([title, *lines]) if lines else ""


def _struct_members(schema: StructSchema) -> str:
    fields = schema.fields.values()
    plain = _listed("Fields:", [(_field_line(field), field.doc) for field in fields if not field.in_union])
    union = _listed("Union, one of:", [(_field_line(field), field.doc) for field in fields if field.in_union])
    return "\n\n".join(part for part in (plain, union) if part)


def _field_line(field: FieldSchema) -> str:
    default = f" = {field.default!r}" if field.has_explicit_default else ""
    return f"{field.python_name}: {_annotation(field.type)}{default}"


def _enum_members(schema: EnumSchema) -> str:
    return _listed(
        "Members:", [(f"{item.python_name} = {item.number}", item.doc) for item in schema.enumerants.values()]
    )


def _interface_members(schema: InterfaceSchema) -> str:
    return _listed("Methods:", [(_method_line(method), method.doc) for method in schema.all_methods])


def _method_line(method: MethodSchema) -> str:
    params = ", ".join(f"{field.python_name}: {_annotation(field.type)}" for field in method.params.fields.values())
    return f"{method.python_name}({params}) -> {_results(method)}"


def _results(method: MethodSchema) -> str:
    results = method.results
    if results is None:
        return "stream"
    return f"({', '.join(f'{field.python_name}: {_annotation(field.type)}' for field in results.fields.values())})"


def _annotation(type_: SchemaType) -> str:
    """Return a type as it is shown beside a name."""
    element = type_.element
    if element is not None:
        return f"list[{_annotation(element)}]"
    found = type_.python_type
    if found is None:
        return "None"
    return str(found.__qualname__)


# --- signatures -------------------------------------------------------------------------------------------------------------------------


class _NotGiven:
    """What a parameter is when it is left out, as it is shown."""

    def __repr__(self) -> str:
        return "..."


def _signature(fields: Iterable[FieldSchema], returns: object, unbound: bool = False) -> inspect.Signature:
    import inspect

    first = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)] if unbound else []
    return inspect.Signature(
        [
            *first,
            *(
                inspect.Parameter(
                    field.python_name,
                    inspect.Parameter.POSITIONAL_OR_KEYWORD,
                    default=_NotGiven(),
                    annotation=field.type.python_type,
                )
                for field in fields
            ),
        ],
        return_annotation=returns,
    )


def _method_schema(plan: MethodPlan) -> MethodSchema | None:
    """Return the schema of a method, None for one that was not made from a schema."""
    from caplet.runtime.reflection import schema_of_method

    return None if plan.interface.factory is None else schema_of_method(plan)


def method_doc(plan: MethodPlan, *, signature: bool = False) -> str:
    """Return the docstring of a client's method.

    Args:
        plan: the method.
        signature: whether it begins with how the method is called.
    """
    method = _method_schema(plan)
    comment = (
        f"The method {plan}."
        if method is None
        else method.doc or f"The method {method.interface.full_name}.{method.name}."
    )
    return comment if method is None or not signature else f"{_method_line(method)}\n\n{comment}"


def method_signature(plan: MethodPlan, unbound: bool = False) -> inspect.Signature:
    """Return the signature of a client's method.

    Args:
        plan: the method.
        unbound: whether the client is its first parameter.

    Raises:
        AttributeError: it was not made from a schema.
    """
    from caplet.runtime.calls import Call

    method = _method_schema(plan)
    if method is None:
        raise AttributeError("__signature__")
    results = method.results
    returns: Any = Call
    returns = returns if results is None else returns[results.cls]
    return _signature(method.params.fields.values(), returns, unbound)
