"""Explain what the types refuse: what is wrong, and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from deployer.manifest import rules
from deployer.manifest.excerpt import VARIABLE_KEYS, Excerpts, harmless, label
from deployer.manifest.keys import KNOWN_KEYS, fields, groups, kinds
from deployer.manifest.model import LiteralVariable, SecretVariable
from deployer.manifest.problem import Finding
from deployer.manifest.spelling import close
from deployer.manifest.targets import SECTIONS, TAG
from deployer.manifest.tree import Node, Path, Word, find, where

UNKNOWN_KEY: Final = "extra_forbidden"
ABSENT: Final = frozenset({"missing", "union_tag_not_found", "too_short"})
# pydantic's error type -> what it means, after the name of the key; and the fix.
_SENTENCES: Final = {
    "shape": ("has to be {words}", "write it like {example}"),
    "string_type": ("has to be text", "put it in quotes"),
    "int_type": ("has to be a whole number", "write a number"),
    "bool_type": ("has to be true or false", "write true or false, without quotes"),
    "tuple_type": ("has to be a list", "write it like [main]"),
    "greater_than_equal": ("has to be at least {ge}", "write a larger number"),
    "less_than_equal": ("has to be at most {le}", "write a smaller number"),
    "string_too_long": ("has to have at most {max_length} characters", "shorten it"),
    "string_too_short": ("has to have at least {min_length} characters", "lengthen it"),
    "too_short": ("is empty", "a service without variables cannot be meant: add them"),
}
_A_GROUP: Final = ("has to be a group of keys", "write its keys below it, indented")
_KINDS: Final[dict[str, type[BaseModel]]] = {"secret": SecretVariable, "literal": LiteralVariable}


class Refusal:
    """One error of pydantic, placed: its `type`, its context, and the `path` in the file it is about."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        self.type: str = error["type"]
        self.context: Mapping[str, Any] = error.get("ctx", {})
        self.is_key = "[key]" in error["loc"]
        self.path = _path(error["loc"])
        if self.type in {"union_tag_invalid", "union_tag_not_found"}:
            self.path = (*self.path, self.context["discriminator"].strip("'"))


def refusals(error: ValidationError) -> list[Refusal]:
    """The errors that are about the file: one for each path, without pydantic's inner steps."""
    refused = [
        Refusal(item)
        for item in error.errors(include_input=False, include_url=False)
        if item["type"] != "rule"  # rules.py is called separately: it reports all broken rules, a model only the first
    ]
    first: dict[tuple[Path, bool], Refusal] = {}
    for refusal in refused:
        first.setdefault((refusal.path, refusal.is_key), refusal)
    return list(first.values())


def _path(loc: tuple[str | int, ...]) -> Path:
    """pydantic's location without what is not in the file: the kind, the member of a union, `[key]`."""
    path = tuple(step for step in loc if step != "[key]")
    if path[:2] == ("github", "credentials"):
        return (*path[:2], *path[3:])
    if path[:1] == ("service",) and len(SECTIONS) > 1 and path[1:2] and path[1] in SECTIONS:
        return (*path[:1], *path[2:])
    if path[:1] == ("variables",) and len(path) > 2:
        rest = path[3:] if path[2] in _KINDS else path[2:]
        return (*path[:2], *rest[:1])
    return path


class Speaker:
    """Explain refusals. `root` is the file as a tree; `excerpts` decides which words may be repeated."""

    def __init__(self, root: Node | None, excerpts: Excerpts) -> None:
        self._root, self._excerpts = root, excerpts

    def finding(self, refusal: Refusal) -> Finding:
        key, node = find(self._root, refusal.path)
        if refusal.type in {"missing", "union_tag_not_found"}:
            return self._missing(refusal)
        position = node.start if node else where(self._root, refusal.path)
        if key and (refusal.is_key or refusal.type == UNKNOWN_KEY):
            position = key.start
        if refusal.type == UNKNOWN_KEY:
            return Finding(position, *self._unknown(refusal.path))
        what, why, fix = self._wrong(refusal, node if isinstance(node, Word) else None)
        return Finding(position, what, why, fix)

    def _missing(self, refusal: Refusal) -> Finding:
        *parent, key = refusal.path
        at = where(self._root, tuple(parent))
        what = f"{label(refusal.path)} is missing"
        around = groups(self._root, tuple(parent))
        if key == TAG and parent == ["service"]:
            return Finding(at, what, fix=f"add {' or '.join(f'`{TAG}: {name}`' for name in SECTIONS)}")
        if key == "kind":
            why = "every variable declares whether it is a secret or a literal" if parent[0] == "variables" else ""
            choices = [f"`kind: {kind}`" for group in around for kind in kinds(group)]
            return Finding(at, what, why, f"add {' or '.join(choices)}")
        return Finding(at, what, fix=_example(fields(around)[str(key)], str(key)))

    def _unknown(self, path: Path) -> tuple[str, str, str]:
        *parent, key = path
        if parent[:1] == ["variables"]:
            return self._unknown_of_variable(path)
        shown = f"there is no key {key} in {label(tuple(parent)) or 'a manifest'}"
        what = shown if harmless(str(key)) else "there is no such key"
        known = tuple(fields(groups(self._root, tuple(parent))))
        if meant := close(str(key), known):
            return what, "", f"did you mean {meant}?"
        if key in KNOWN_KEYS.get(tuple(parent), ()):
            tag = TAG if parent[:1] == ["service"] else "kind"
            return f"{label(tuple(parent))} of this {tag} has no `{key}`", "", f"delete `{key}`, or change the {tag}"
        if homes := [home for home, keys in KNOWN_KEYS.items() if key in keys]:
            return what, "", f"write it below {label(homes[0]) or 'nothing, at the left'}"
        return what, "", f"the keys here are {', '.join(known)}"

    def _unknown_of_variable(self, path: Path) -> tuple[str, str, str]:
        _, name, key = path
        kind_node = find(self._root, (*path[:2], "kind"))[1]
        kind = kind_node.text if isinstance(kind_node, Word) else ""
        if kind == "secret" and key == "value":
            return (
                "a manifest never holds a secret's value",
                "a manifest is read by everyone who reads the repository; if it was committed, replace the secret",
                f"delete the value, then: {self._set_command(str(name))}",
            )
        if kind == "secret" and key == "store":
            return "a secret has no `store`", "it is always a SecureString in SSM", "delete `store`"
        if key in VARIABLE_KEYS:
            return f"a {kind} has no `{key}`", "", f"delete `{key}`, or change the kind"
        keys = list(_KINDS[kind].model_fields) if kind in _KINDS else list(VARIABLE_KEYS)
        meant = close(str(key), keys)
        fix = f"did you mean {meant}?" if meant else f"the keys of a {kind} are {', '.join(keys)}"
        return "there is no such key in a variable", "", fix

    def _wrong(self, refusal: Refusal, word: Word | None) -> tuple[str, str, str]:
        it, context = label(refusal.path) or "a manifest", refusal.context
        if refusal.type == "name":
            return f"{it} cannot be the name of a variable", context["why"], _better_name(str(refusal.path[-1]))
        if refusal.type in {"literal_error", "union_tag_invalid"}:
            return self._choice(it, context, word)
        if _is_value(refusal.path) and refusal.type in {"string_type", "int_type", "bool_type"}:
            return f"{it} has to be text, true, false or a whole number", "", "write one word, or text in quotes"
        if refusal.path[:1] == ("variables",) and len(refusal.path) == 2:
            return f"{it} needs a kind", "", "write it like {kind: literal, value: ...} or {kind: secret}"
        what, fix = _SENTENCES.get(refusal.type, _A_GROUP)
        if word and self._excerpts.shows(word):
            if refusal.type == "string_type":
                fix = f'write "{word.text}"'
            if refusal.type == "int_type" and not word.plain and word.text.isdecimal():
                fix = "take the quotes away"
        return f"{it} {what.format(**context)}", "", fix.format(**context)

    def _choice(self, it: str, context: Mapping[str, Any], word: Word | None) -> tuple[str, str, str]:
        allowed = context.get("expected") or context["expected_tags"]
        choices = [part.strip(" '") for part in allowed.replace(" or ", ", ").split(", ")]
        what = f"{it} has to be one of: {', '.join(choices)}"
        if word and word.text in choices:
            return what, "", f'write "{word.text}"'
        meant = close(word.text, choices) if word else None
        return what, "", f"did you mean {meant}?" if meant else "write one of these"

    def _set_command(self, name: str) -> str:
        environment = find(self._root, ("environment",))[1]
        return rules.set_command({"environment": environment.text if isinstance(environment, Word) else ""}, name)


def _better_name(name: str) -> str:
    better = name.lower().replace("_", "-").strip("-")
    return f"did you mean {better}?" if harmless(name) and better != name else "choose another name"


def _is_value(path: Path) -> bool:
    return len(path) == 3 and path[0] == "variables" and path[2] == "value"


def _example(field: FieldInfo, key: str) -> str:
    """`add port: 8001`, from the example the type gives."""
    if not field.examples:
        return f"add `{key}:` and its keys below it"
    example = field.examples[0]
    if isinstance(example, bool):
        shown = str(example).lower()
    elif isinstance(example, list):
        shown = f"[{', '.join(example)}]"
    else:
        shown = f'"{example}"' if str(example).isdecimal() and isinstance(example, str) else str(example)
    return f"add `{key}: {shown}`"
