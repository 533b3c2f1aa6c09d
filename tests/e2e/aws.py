"""boto3 clients for a checkout's local AWS, as any AWS user would make them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import boto3

from deployer.world_keys import Keys
from tests.e2e.checkout import Checkout

if TYPE_CHECKING:
    from types_boto3_apprunner import AppRunnerClient
    from types_boto3_ecr import ECRClient
    from types_boto3_iam import IAMClient
    from types_boto3_ssm import SSMClient

PATH = "/app-runtime/ansari-whatsapp/local"
LEDGER = "/app-deployer/ansari-whatsapp/local"
SECRETS = (
    "whatsapp-service-api-key",
    "meta-business-phone-number-id",
    "meta-access-token-from-sys-user",
    "meta-app-secret",
    "meta-webhook-verify-token",
)


def client(checkout: Checkout, service: str) -> Any:
    return _client(checkout.endpoint, service, checkout.keys)


@functools.cache
def _client(endpoint: str, service: str, keys: Keys) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoint,
        region_name="us-west-2",
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
    )


def ssm(checkout: Checkout) -> SSMClient:
    return client(checkout, "ssm")  # type: ignore[no-any-return]


def apprunner(checkout: Checkout) -> AppRunnerClient:
    return client(checkout, "apprunner")  # type: ignore[no-any-return]


def ecr(checkout: Checkout) -> ECRClient:
    return client(checkout, "ecr")  # type: ignore[no-any-return]


def iam(checkout: Checkout) -> IAMClient:
    return client(checkout, "iam")  # type: ignore[no-any-return]


def secret_values(checkout: Checkout) -> dict[str, str]:
    parameters = ssm(checkout)
    names = [f"{PATH}/{name}" for name in SECRETS]
    found = parameters.get_parameters(Names=names, WithDecryption=True)["Parameters"]
    return {parameter["Name"].rpartition("/")[2]: parameter["Value"] for parameter in found}


def operations(checkout: Checkout) -> list[str]:
    runner = apprunner(checkout)
    [service] = runner.list_services()["ServiceSummaryList"]
    listed = runner.list_operations(ServiceArn=service["ServiceArn"])["OperationSummaryList"]
    return [f"{operation['Type']} {operation['Status']}" for operation in listed]
