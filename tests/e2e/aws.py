"""boto3 clients for a checkout's local AWS, as any AWS user would make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3

from tests.e2e.checkout import Checkout

if TYPE_CHECKING:
    from types_boto3_apprunner import AppRunnerClient
    from types_boto3_ssm import SSMClient

PATH = "/app-runtime/ansari-whatsapp/local"
SECRETS = (
    "whatsapp-service-api-key",
    "meta-business-phone-number-id",
    "meta-access-token-from-sys-user",
    "meta-app-secret",
    "meta-webhook-verify-token",
)


def ssm(checkout: Checkout) -> SSMClient:
    return boto3.client(
        "ssm",
        endpoint_url=checkout.endpoint,
        region_name="us-west-2",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def apprunner(checkout: Checkout) -> AppRunnerClient:
    return boto3.client(
        "apprunner",
        endpoint_url=checkout.endpoint,
        region_name="us-west-2",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def secret_values(checkout: Checkout) -> dict[str, str]:
    client = ssm(checkout)
    names = [f"{PATH}/{name}" for name in SECRETS]
    found = client.get_parameters(Names=names, WithDecryption=True)["Parameters"]
    return {parameter["Name"].rpartition("/")[2]: parameter["Value"] for parameter in found}


def operations(checkout: Checkout) -> list[str]:
    client = apprunner(checkout)
    [service] = client.list_services()["ServiceSummaryList"]
    listed = client.list_operations(ServiceArn=service["ServiceArn"])["OperationSummaryList"]
    return [f"{operation['Type']} {operation['Status']}" for operation in listed]
