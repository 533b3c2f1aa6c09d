"""Whether Meta sends messages to the service of an environment."""

from __future__ import annotations

from deployer import names
from deployer.apps.app import Meta
from deployer.aws import ssm
from deployer.core.callback import find_other_callback
from deployer.core.observed import Observed
from deployer.core.secret import SecretValue
from deployer.core.trouble import OtherCallback
from deployer.core.unverified import CallbackNotRead
from deployer.environment.open import Environment
from deployer.errors import DeployerError
from deployer.manifest.model import LiteralVariable
from deployer.run.callbacks import read_callbacks


def check_callback(environment: Environment, observed: Observed) -> OtherCallback | CallbackNotRead | None:
    """Compare the callback with the service's URL. Reads the access token; None for a service that does not run."""
    meta, service = environment.run.app.local_world.meta, observed.service
    if meta is None or service is None or not service.url:
        return None
    secrets = _secrets(environment, meta)
    if len(secrets) < 2:
        return CallbackNotRead(why="its secrets are not set")
    token, number = secrets[meta.access_token], secrets[meta.phone_number_id]
    graph = "/".join(filter(None, (_literal(environment, meta.address), _literal(environment, meta.api_version or ""))))
    try:
        callbacks = read_callbacks(graph, number, token)
    except DeployerError as error:
        return CallbackNotRead(why=f"{error.what} ({error.why})")
    return find_other_callback(callbacks, environment.run.site.public_url(service.url) + meta.webhook)


def _secrets(environment: Environment, meta: Meta) -> dict[str, SecretValue]:
    """The token and the number, by parameter name, as far as they are set."""
    path = environment.loaded.manifest.aws.parameter_path
    by_path = {names.join(path, name): name for name in (meta.access_token, meta.phone_number_id)}
    return {by_path[where]: value for where, value in ssm.reveal(environment.session.ssm, list(by_path)).items()}


def _literal(environment: Environment, name: str) -> str:
    variable = environment.loaded.manifest.variables.get(name)
    return variable.text.rstrip("/") if isinstance(variable, LiteralVariable) else ""
