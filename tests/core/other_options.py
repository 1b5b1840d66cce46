"""Settings of an instrument that are not the usual ones, whatever settings it has."""

from typing import Any, get_args

from pydantic.fields import FieldInfo

from resnet_core.options import Options

A_FILE = "file:" + 64 * "a"  # every setting that names a picture may be one


def other_options(kind: type[Options]) -> dict[str, Any]:
    """A possible value for every setting of `kind`, each another than it usually has."""
    return {name: _other(field) for name, field in kind.model_fields.items()}


def _other(field: FieldInfo) -> Any:
    choices = get_args(field.annotation)
    if int in (field.annotation, *choices):
        smallest = next(bound.ge for bound in field.metadata if hasattr(bound, "ge"))
        return smallest + (field.default == smallest)
    if choices:
        return choices[-1]
    return A_FILE if isinstance(field.default, str) and ":" in field.default else "layer1.0"
