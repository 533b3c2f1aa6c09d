"""`deployer secret import ENV FILE`: write the secrets of a manifest from a dotenv file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec import Struct

from deployer import names
from deployer.aws import ssm
from deployer.aws.session import Session
from deployer.core.dotenv_file import bindings
from deployer.core.secret import SecretValue
from deployer.core.secret_import import ImportedVariable, ImportStatus
from deployer.environment.holds import refuse_incident
from deployer.environment.open import open_session
from deployer.environment.other_manifests import refuse_shared
from deployer.environment.secret_parameter import SecretParameter, checked, refuse_unusable, secrets_of
from deployer.errors import StateUnknown, UsageError
from deployer.manifest.credentials import credential_in
from deployer.manifest.load import LoadedManifest, load_manifest
from deployer.manifest.model import LiteralVariable
from deployer.partial import halted
from deployer.project import manifest_path
from deployer.view.other_locations_text import dotenv_problem


class ImportOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path. `file` names the dotenv file in messages.

    With `check` nothing is written.
    """

    environment: str
    file: str
    check: bool = False


class ImportResult(Struct, frozen=True):
    """The outcome for each line of the file, and for each secret that is not in it."""

    environment: str
    manifest: str
    variables: tuple[ImportedVariable, ...]


def import_secrets(options: ImportOptions, read: Callable[[], str]) -> ImportResult:
    """Write those secrets of the manifest that the dotenv file gives and SSM does not hold yet.

    `read()` returns the text of the file. All values are checked before the first is written. Raises UsageError for
    lines that cannot be read, repeated names, and values that the service would refuse.
    """
    loaded = load_manifest(manifest_path(options.environment))
    literals = {name for name, one in loaded.manifest.variables.items() if isinstance(one, LiteralVariable)}
    given = _read(read(), options.file, literals)
    known = secrets_of(loaded)
    chosen = {name: value for name, value in given.items() if name in known and value != SecretValue("")}
    refuse_unusable(loaded, chosen)
    refuse_shared(loaded)
    session, _ = open_session(loaded)
    if not options.check:
        refuse_incident(session, loaded.manifest.app, loaded.manifest.environment)
    parameters = [SecretParameter(loaded, session, name, secret) for name, secret in known.items()]
    held = _held(session, parameters) if chosen else {}
    refuse_unusable(loaded, chosen, beside=held)
    changes = {name: value for name, value in chosen.items() if held.get(name) != value}
    versions = _written(parameters, changes) if not options.check else {}
    variables: list[ImportedVariable] = []
    for name in given:
        if name not in known:
            variables.append(_left(loaded, name, given[name]))
        elif name not in chosen:
            variables.append(ImportedVariable(name=name, status=ImportStatus.EMPTY))
        elif name not in changes:
            variables.append(ImportedVariable(name=name, status=ImportStatus.SAME))
        elif not options.check:
            variables.append(ImportedVariable(name=name, status=ImportStatus.SET, version=versions[name]))
        else:
            status = ImportStatus.OTHER if name in held else ImportStatus.NEW
            variables.append(ImportedVariable(name=name, status=status))
    variables += [ImportedVariable(name=name, status=ImportStatus.NOT_GIVEN) for name in known if name not in given]
    return ImportResult(loaded.manifest.environment, str(loaded.path), tuple(variables))


def _read(text: str, file: str, literals: Collection[str]) -> dict[str, SecretValue]:
    """The values by parameter name. A line that cannot be read is never repeated: it may hold a secret."""
    wrong: list[str] = []
    values: dict[str, SecretValue] = {}
    for one in bindings(text):
        line, variable, value = one.number, one.name, one.value
        if variable is None or value is None:
            wrong.append(f"{file}:{line}: {dotenv_problem(one)}")
        elif names.why_not_a_variable(variable):
            wrong.append(f"{file}:{line}: this is not a valid variable name, such as META_APP_SECRET")
        elif names.why_reserved(variable) is None:
            name = names.parameter(variable)
            if name in values:
                wrong.append(f"{file}:{line}: {variable} is here a second time")
            hide = name not in literals or credential_in(value, name=name) is not None
            values[name] = checked(value, hide=hide) if value else SecretValue("")
    if wrong:
        raise UsageError(
            f"{file} cannot be imported; nothing was changed", why="\n       ".join(wrong), fix="correct these lines"
        )
    return values


def _held(session: Session, parameters: list[SecretParameter]) -> Mapping[str, SecretValue]:
    held: dict[str, SecretValue] = {}
    by_path = {parameter.path: parameter.name for parameter in parameters}
    for batch in ssm.batches(list(by_path)):
        revealed = ssm.reveal(session.ssm, batch, only_secure=True)  # a plain String is replaced, by the same value too
        held |= {by_path[path]: value for path, value in revealed.items()}
    return held


def _written(parameters: Sequence[SecretParameter], changes: Mapping[str, SecretValue]) -> dict[str, int]:
    """Write each value, and return its version. Raises StateUnknown, naming what was set, when it fails partway."""
    by_name = {parameter.name: parameter for parameter in parameters}
    versions: dict[str, int] = {}
    again = "run the same command again: it skips what is set"
    for name, value in changes.items():
        try:
            versions[name] = by_name[name].write(value)
        except Exception as error:
            failure = halted(error, done=len(versions))
            if failure is None:
                raise
            raise StateUnknown(
                f"{failure.what}, after {len(versions)} of {len(changes)} secrets",
                why=f"{failure.why}\nset: {', '.join(versions) or 'none'}; not set, or not known: {name}",
                fix=f"{failure.fix}; {again}" if failure.fix else again,
            ) from error
    return versions


def _left(loaded: LoadedManifest, name: str, value: SecretValue) -> ImportedVariable:
    literal = isinstance(loaded.manifest.variables.get(name), LiteralVariable)
    status = ImportStatus.LITERAL if literal else ImportStatus.NOT_NAMED
    return ImportedVariable(name=name, status=status, credential=credential_in(value.reveal(), name=name) or "")
