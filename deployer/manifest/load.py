"""A manifest file, read and checked: the model with the place of every line, or every problem at once."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from deployer.manifest import rules, source, syntax, tree
from deployer.manifest.excerpt import Excerpts, close, label
from deployer.manifest.model import Manifest
from deployer.manifest.problem import Finding, InvalidManifest, Position, Problem
from deployer.manifest.scalars import LONGEST_NUMBER, bent
from deployer.manifest.words import ABSENT, KNOWN_KEYS, UNKNOWN_KEY, Refusal, Speaker, refusals

LONGEST_QUOTE: Final = 40


@dataclass(frozen=True, eq=False, repr=False)
class Loaded:
    """A manifest without problems, and the file it stands in. `sha256` is the hex digest of the file's bytes."""

    manifest: Manifest
    path: Path
    text: str
    sha256: str
    _root: tree.Node
    _excerpts: dict[frozenset[str], Excerpts] = field(default_factory=dict, init=False)

    def where(self, *keys: str | int) -> Position:
        """The place of a key, as `where("variables", "logging-level")`; of the nearest group if it is absent."""
        return tree.where(self._root, keys)

    def find(self, *keys: str | int) -> tuple[tree.Word | None, tree.Node | None]:
        """The key and the node at a place; (None, None) where the file has nothing."""
        return tree.find(self._root, keys)

    def problem(self, *keys: str | int, what: str, why: str = "", fix: str = "", hide: Collection[str] = ()) -> Problem:
        """A problem at a place of this file, found by a later stage.

        `hide` names the variables whose values may not be shown in the excerpt.
        """
        closed = frozenset(hide)
        if closed not in self._excerpts:  # each looks at the whole file, which is too much to do for every problem
            lines = source.split_lines(self.text)
            self._excerpts[closed] = Excerpts(str(self.path), lines, self._root, KNOWN_KEYS, closed)
        return self._excerpts[closed].problem(Finding(self.where(*keys), what, why, fix))


def load(path: Path) -> Loaded:
    """Read the manifest at a path. Raises InvalidManifest with every problem of the file."""
    return parse(source.read_file(path), path)


def parse(raw: bytes, path: Path) -> Loaded:
    """Read a manifest's bytes as if they stood at a path. Raises InvalidManifest with every problem."""
    text, findings = source.decode(raw, path)
    read = syntax.parse(text)
    excerpts = Excerpts(str(path), source.split_lines(text), read.root, KNOWN_KEYS)
    manifest: Manifest | None = None
    refused: list[Refusal] = []
    contents = tree.data(read.root)
    try:
        manifest = Manifest.model_validate(contents)
    except ValidationError as error:
        refused = refusals(error)
    told = {finding.position.line for finding in findings}
    findings += [one for one in read.findings if one is not read.broken or one.position.line not in told]
    if read.root is None and not findings:
        findings.append(Finding(Position(1, 1), "this file is empty", fix="start from another file of env/"))
    elif read.root is not None:
        findings += _inside(read, None if manifest else contents, refused, excerpts, path)
    if findings or manifest is None or read.root is None:
        raise InvalidManifest(map(excerpts.problem, findings))
    return Loaded(manifest, path, text, hashlib.sha256(raw).hexdigest(), read.root)


def _inside(
    read: syntax.Tree, contents: object, refused: list[Refusal], excerpts: Excerpts, path: Path
) -> Iterator[Finding]:
    """What is wrong inside a file that could be read, at least in part; one finding for one mistake.

    `contents` is None where they made a manifest: then they keep every rule.
    """
    unknown = {refusal.path for refusal in refused if refusal.type == UNKNOWN_KEY}
    words = {at: word for at, word in tree.words(read.root) if not _below(at, unknown)}
    typed = {refusal.path for refusal in refused if refusal.type in {"int_type", "bool_type"}}
    bent_words = {at: one for at, one in _bent(words, excerpts) if at not in typed or words[at].value is None}
    unusable = {at for at, word in words.items() if word.opaque} | set(bent_words)
    speaker = Speaker(read.root, excerpts)
    findings = list(bent_words.values())
    for refusal in refused:
        if _below(refusal.path, unusable) or _follows(refusal, unknown):
            continue
        if read.broken and refusal.type in ABSENT:
            continue  # it may stand in the part that could not be read
        findings.append(speaker.finding(refusal))
    findings += _named(read.root, excerpts)
    if isinstance(contents, dict):
        findings += _rules(read.root, contents)
    findings += _misnamed(read.root, path)
    ends = read.broken.position.line if read.broken else None
    yield from (finding for finding in findings if finding.position.line != ends)


def _bent(words: dict[tree.Path, tree.Word], excerpts: Excerpts) -> Iterator[tuple[tree.Path, Finding]]:
    """The unquoted words that are empty, or that YAML readers would bend."""
    for at, word in words.items():
        if word.opaque or not word.plain:
            continue
        if word.value is None:
            yield at, Finding(word.start, f"{label(at) or 'this file'} is empty", fix="give it a value, or delete it")
        elif what := bent(word.text):
            shown = excerpts.shows(word) and len(word.text) <= LONGEST_QUOTE
            quoted = f'write "{word.text}"' if shown else "put it in quotes"
            if what == "a boolean":
                quoted = f"write true or false; or as text, {quoted}"
            why = f"without quotes, YAML readers take it for {what}"
            if "too long" in what:
                why = f"it has more than {LONGEST_NUMBER} digits: readers take it for a number and round it"
            yield at, Finding(word.start, f"{label(at)} is not taken as it is written", why, quoted)


def _named(root: tree.Node | None, excerpts: Excerpts) -> Iterator[Finding]:
    """Names of variables that YAML readers would bend."""
    variables = tree.find(root, ("variables",))[1]
    if isinstance(variables, tree.Group):
        for key, _ in variables.first.values():
            what = bent(key.text) if key.plain else None
            if what and excerpts.shows(key):
                why = f"without quotes, YAML readers take it for {what}"
                yield Finding(
                    key.start,
                    f"{label(('variables', key.text))} is not taken as it is written",
                    why,
                    f'write "{key.text}"',
                )


def _rules(root: tree.Node | None, contents: dict[str, object]) -> Iterator[Finding]:
    for broken in rules.broken(contents):
        node = tree.find(root, broken.at)[1]
        key_only = len(broken.at) == 2 and broken.at[0] == "variables"
        at = tree.where(root, broken.at) if key_only or node is None else node.start
        yield Finding(at, broken.what, broken.why, broken.fix)


def _misnamed(root: tree.Node | None, path: Path) -> Iterator[Finding]:
    environment = tree.find(root, ("environment",))[1]
    said = environment.value if isinstance(environment, tree.Word) and not environment.opaque else None
    if environment and isinstance(said, str) and said != path.stem:
        yield Finding(
            environment.start,
            "environment differs from the name of this file",
            f"{path.name} is the manifest of {path.stem}, for whoever names it on a command line",
            f"write `environment: {path.stem}`, or rename the file",
        )


def _below(path: tree.Path, tops: set[tree.Path]) -> bool:
    return any(path[:length] in tops for length in range(len(path) + 1))


def _follows(refusal: Refusal, unknown: set[tree.Path]) -> bool:
    """Whether a key is missing only because it stands there misspelt, which is told already."""
    if refusal.type not in {"missing", "union_tag_not_found"}:
        return False
    parent, key = refusal.path[:-1], str(refusal.path[-1])
    return any(path[:-1] == parent and close(str(path[-1]), [key]) for path in unknown)
