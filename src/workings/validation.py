"""What pydantic finds wrong, in our words: what was found, in which field, what would be accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel, ValidationError

from workings.errors import InputError, echo, nearest, unknown


def readable(error: ValidationError, model: type[BaseModel]) -> InputError:
    """The first error that `model` found."""
    errors = error.errors()
    # a misspelt name is missing under its right spelling too, and only the unknown one can say so
    first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
    place = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in _path(first["loc"])
    ).lstrip(".")
    kind, found, context = first["type"], first.get("input"), first.get("ctx", {})
    inner = context.get("error")
    if isinstance(inner, InputError):
        return inner.at(field=place)
    if kind == "extra_forbidden":
        owner = _owner(model, first["loc"])
        inside = place.rpartition(".")[0] or None
        return unknown("field", str(first["loc"][-1]), owner.model_fields).at(field=inside)
    if kind == "missing":
        return InputError(f"{place} is missing", accepted=_described(model, first["loc"]))
    if kind in ("literal_error", "enum"):
        options = [str(option) for option in _options(model, first["loc"])] or [str(context.get("expected"))]
        return InputError(
            f"found {echo(found)}", accepted=", ".join(options), near=nearest(str(found), options)
        ).at(field=place)
    if kind in ("too_short", "too_long"):
        bound = (
            f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']}"
        )
        return InputError(f"found {context['actual_length']} entries", accepted=bound).at(field=place)
    accepted = PLAIN_TYPES.get(kind, first["msg"].removeprefix("Input should be "))
    return InputError(f"found {echo(found)}", accepted=accepted).at(field=place)


PLAIN_TYPES: Final = {
    "list_type": "a list",
    "dict_type": "names with their values",
    "model_type": "names with their values",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
}
"""What pydantic's kinds of mistake would have taken."""


def _path(loc: Sequence[int | str]) -> list[int | str]:
    """The part of pydantic's location that the user wrote: names of union members and tags are left out."""
    return [part for part in loc if isinstance(part, int) or (part.isidentifier() and "[" not in part)]


def _owner(model: type[BaseModel], loc: Sequence[int | str]) -> type[BaseModel]:
    """The model that has the field at the end of a location."""
    fields: Any = model
    for part in loc[:-1]:
        if isinstance(part, str) and isinstance(fields, type) and issubclass(fields, BaseModel):
            inner = fields.model_fields.get(part)
            found = _models(inner.annotation) if inner else []
            fields = found[0] if found else fields
    return fields


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models(part)]


def _options(model: type[BaseModel], loc: Sequence[int | str]) -> tuple[Any, ...]:
    name = next((part for part in loc if isinstance(part, str) and part in model.model_fields), None)
    return alternatives(model, name) if name else ()


def alternatives(model: type[BaseModel], name: str) -> tuple[Any, ...]:
    """The values that a field of fixed choices takes, in the order in which they are written."""
    annotation = model.model_fields[name].annotation
    return tuple(option for option in _flatten(annotation) if option is not None)


def _flatten(annotation: Any) -> list[Any]:
    if getattr(annotation, "__origin__", None) is Literal:
        return list(get_args(annotation))
    return [option for part in get_args(annotation) for option in _flatten(part)]


def _described(model: type[BaseModel], loc: Sequence[int | str]) -> str:
    found = _owner(model, loc).model_fields.get(str(loc[-1]))
    return (found.description if found and found.description else None) or f"a value for {loc[-1]}"
