"""List every mistake of an invalid manifest once, with its text and its line."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from deployer.manifest import rules, source, syntax, tree, world
from deployer.manifest.excerpt import Excerpts, label
from deployer.manifest.keys import KNOWN_KEYS
from deployer.manifest.problem import Finding, Position, Problem
from deployer.manifest.rule import BrokenRule
from deployer.manifest.scalars import LONGEST_NUMBER, bent
from deployer.manifest.spelling import close
from deployer.manifest.words import ABSENT, UNKNOWN_KEY, Refusal, Speaker, refusals

LONGEST_QUOTE: Final = 40


def excerpts(path: Path, text: str, root: tree.Node | None, closed: Collection[str] = ()) -> Excerpts:
    """What may be shown of a manifest's lines; of the variables that are `closed`, only the names."""
    return Excerpts(str(path), source.split_lines(text), root, KNOWN_KEYS, closed)


def explain_problems(
    path: Path,
    text: str,
    unseen: list[Finding],
    read: syntax.Tree,
    contents: object,
    error: ValidationError | None,
    addresses: Collection[str],
) -> tuple[Problem, ...]:
    """The problems of a file: of its characters (`unseen`), of its syntax, and of its content.

    `contents` is the tree as plain data; `error` is the model's error, None for a valid manifest. `addresses` names the
    literals that the local world reads.
    """
    explained_lines = {finding.position.line for finding in unseen}
    findings = [
        *unseen,
        *(one for one in read.findings if one is not read.broken or one.position.line not in explained_lines),
    ]
    shown = excerpts(path, text, read.root)
    if read.root is None and not findings:
        findings.append(Finding(Position(1, 1), "this file is empty", fix="start from another file of env/"))
    elif read.root is not None:
        refused = refusals(error) if error else []
        rules_broken = list(_rules(read.root, contents, addresses)) if isinstance(contents, dict) else []
        findings += _inside(read, rules_broken, refused, shown, path)
    return tuple(map(shown.problem, findings))


def _inside(
    read: syntax.Tree, rules_broken: list[Finding], refused: list[Refusal], excerpts: Excerpts, path: Path
) -> Iterator[Finding]:
    """The problems inside a file that could be read, at least in part; one finding for each mistake."""
    unknown = {refusal.path for refusal in refused if refusal.type == UNKNOWN_KEY}
    words = {at: word for at, word in tree.words(read.root) if not _below(at, unknown)}
    typed = {refusal.path for refusal in refused if refusal.type in {"int_type", "bool_type"}}
    bent_words = {
        at: one for at, one in _bent(read.root, words, excerpts) if at not in typed or words[at].value is None
    }
    unusable = {at for at, word in words.items() if word.opaque} | set(bent_words)
    speaker = Speaker(read.root, excerpts)
    findings = list(bent_words.values())
    for refusal in refused:
        if _below(refusal.path, unusable) or _follows(refusal, unknown):
            continue
        if read.broken and refusal.type in ABSENT:
            continue  # it may be in the part that could not be read
        findings.append(speaker.finding(refusal))
    findings += _named(read.root, excerpts)
    findings += rules_broken
    findings += _misnamed(read.root, path)
    ends = read.broken.position.line if read.broken else None
    yield from (finding for finding in findings if finding.position.line != ends)


def _bent(
    root: tree.Node | None, words: dict[tree.Path, tree.Word], excerpts: Excerpts
) -> Iterator[tuple[tree.Path, Finding]]:
    """The unquoted words that are empty, or that some YAML reader takes for another value."""
    for at, word in words.items():
        if word.opaque or not word.plain:
            continue
        if word.value is None:
            key = tree.where(root, at)  # YAML has the word itself where the next one begins
            yield at, Finding(key, f"{label(at) or 'this file'} is empty", fix="give it a value, or delete it")
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
    """Names of variables that some YAML reader takes for another value."""
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


def _rules(root: tree.Node | None, contents: dict[str, object], addresses: Collection[str]) -> Iterator[Finding]:
    for broken in (*rules.broken(contents), *(BrokenRule(*fault) for fault in world.faults(contents, addresses))):
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
            f"{path.name} is the manifest of {path.stem}, because commands name it so",
            f"write `environment: {path.stem}`, or rename the file",
        )


def _below(path: tree.Path, tops: set[tree.Path]) -> bool:
    return any(path[:length] in tops for length in range(len(path) + 1))


def _follows(refusal: Refusal, unknown: set[tree.Path]) -> bool:
    """Whether a key is missing only because it is misspelt, which another finding reports."""
    if refusal.type not in {"missing", "union_tag_not_found"}:
        return False
    parent, key = refusal.path[:-1], str(refusal.path[-1])
    return any(path[:-1] == parent and close(str(path[-1]), [key]) for path in unknown)
