"""The sample manifests are as this project was shipped: they agree with each other and with the deployment document."""

from __future__ import annotations

import pytest

from deployer.manifest.load import LoadedManifest
from deployer.manifest.model import LiteralVariable, SecretVariable
from deployer.manifest.targets import AppRunnerService
from tests.samples import ENVIRONMENTS, sample

PARAMETERS = {
    "backend-server-url", "deployment-type", "meta-access-token-from-sys-user", "meta-business-phone-number-id",
    "meta-webhook-verify-token", "meta-api-version", "meta-app-secret", "whatsapp-service-api-key",
    "whatsapp-chat-retention-hours", "whatsapp-message-age-threshold-seconds", "whatsapp-under-maintenance",
    "always-return-ok-to-meta", "logging-level", "origins",
}  # fmt: skip
SECRETS = {
    "whatsapp-service-api-key", "meta-business-phone-number-id", "meta-access-token-from-sys-user",
    "meta-webhook-verify-token", "meta-app-secret",
}  # fmt: skip


@pytest.fixture(scope="module")
def environments() -> dict[str, LoadedManifest]:
    return {name: sample(name) for name in ENVIRONMENTS}


def test_all_name_the_same_variables(environments: dict[str, LoadedManifest]) -> None:
    names = [list(loaded.manifest.variables) for loaded in environments.values()]

    assert names[0] == names[1] == names[2]


def test_all_flag_the_same_variables_as_secret(environments: dict[str, LoadedManifest]) -> None:
    for loaded in environments.values():
        variables = loaded.manifest.variables
        assert {name for name, one in variables.items() if isinstance(one, SecretVariable)} == SECRETS


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_parameters_of_the_deployment_document(environments: dict[str, LoadedManifest], environment: str) -> None:
    manifest = environments[environment].manifest
    plain = {
        name for name, one in manifest.variables.items() if isinstance(one, LiteralVariable) and one.store == "service"
    }

    assert set(manifest.variables) - plain == PARAMETERS
    assert plain == {"meta-graph-url"}
    assert manifest.aws.parameter_path == f"/app-runtime/ansari-whatsapp/{environment}"


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_service_of_the_deployment_document(environments: dict[str, LoadedManifest], environment: str) -> None:
    manifest = environments[environment].manifest
    service = manifest.service

    assert isinstance(service, AppRunnerService)
    assert service.name == f"ansari-{environment}-whatsapp"
    assert (manifest.aws.region, manifest.image.repository) == ("us-west-2", "ansari-whatsapp")
    assert (service.cpu_units, service.memory_mb, service.port) == (1024, 2048, 8001)
    assert (service.health_check.protocol, service.health_check.path) == ("HTTP", "/")
    assert (service.scaling.min, service.scaling.max) == (1, 25)
    assert (service.roles.access, service.roles.instance) == (
        "CustomAppRunnerServiceRole",
        "CustomAppRunnerInstanceRole",
    )
    assert not service.roles.managed
    assert manifest.variables["deployment-type"] == LiteralVariable(kind="literal", value=environment)


def test_production_is_protected(environments: dict[str, LoadedManifest]) -> None:
    protect = environments["production"].manifest.protect

    assert protect.confirm
    assert protect.clean_tree
    assert protect.branches == ("main",)
    assert protect.healthy_in == "staging"


def test_only_the_local_one_is_for_the_local_aws(environments: dict[str, LoadedManifest]) -> None:
    local = [name for name, loaded in environments.items() if loaded.manifest.aws.endpoint]

    assert local == ["local"]


def test_locally_no_secret_is_asked_for(environments: dict[str, LoadedManifest]) -> None:
    secrets = [one for one in environments["local"].manifest.variables.values() if isinstance(one, SecretVariable)]

    assert all(secret.generate or secret.source for secret in secrets)
