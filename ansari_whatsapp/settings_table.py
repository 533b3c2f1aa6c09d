"""Render every setting as a markdown table, from the settings class."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from ansari_whatsapp.settings import Settings

HEAD = """# Settings

Every variable of the service. This page is generated from `ansari_whatsapp/settings.py` by
`just generate`.

| variable | default | meaning |
|---|---|---|
"""


def table() -> str:
    """Return the page docs/reference/settings.md."""
    fields = Settings.model_fields.items()
    return HEAD + "".join(f"| `{name.upper()}` | {_default(field)} | {field.description} |\n" for name, field in fields)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required, secret" if _is_secret(field.annotation) else "required"
    if field.default is None:
        return "off, secret" if _is_secret(field.annotation) else "off"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(map(_is_secret, get_args(annotation)))
