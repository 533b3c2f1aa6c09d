"""A service as somebody made it before there was a deployer, by a script of AWS calls."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout
from tests.ports import free_port

SERVICE, REPOSITORY = "ansari-staging-whatsapp", "made-by-hand"
PATH = "/app-runtime/ansari-whatsapp/staging"
ARN = f"arn:aws:ssm:us-west-2:000000000000:parameter{PATH}"
# It says no release: nobody gave it one.
SOURCE = tiny.SOURCE.replace('os.environ["APP_RELEASE"]', 'os.environ.get("APP_RELEASE", "none")')
EXTRA = {"LOG_SHIPPER_TOKEN": "a-token-that-only-the-shipper-reads", "LOG_SHIPPER_URL": "https://logs.example.org"}
LISTED = "origins"
DESCRIBED = {"logging-level": 'How much is "said":\n# a lot', "meta-app-secret": "Meta, App settings, Basic"}


def literals(checkout: Checkout) -> dict[str, str]:
    return {
        "backend-server-url": f"http://127.0.0.1:{checkout.ports['8000']}",
        "deployment-type": "local",
        "meta-api-version": "v26.0",
        "whatsapp-chat-retention-hours": "3",
        "whatsapp-message-age-threshold-seconds": "86400",
        "whatsapp-under-maintenance": "false",
        "always-return-ok-to-meta": "true",
        "logging-level": "INFO",
        "origins": "https://a.example, https://b.example",
    }


def call(checkout: Checkout, service: str, operation: str, **parameters: Any) -> Any:
    """One line of the script: `aws SERVICE OPERATION`. The AWS CLI itself would start for longer than it works."""
    return getattr(aws.client(checkout, service), operation.replace("-", "_"))(**parameters)


def build(checkout: Checkout) -> str:
    """Parameters, roles, repository, image, scaling and the service; the local environment has pushed the image."""
    secrets = aws.secret_values(checkout) | {"log-shipper-token": EXTRA["LOG_SHIPPER_TOKEN"]}
    plain = literals(checkout)
    listed = {LISTED: plain.pop(LISTED)}
    kinds = {"String": plain, "StringList": listed, "SecureString": secrets}
    for kind, values in kinds.items():
        for name, value in values.items():
            described = {"Description": DESCRIBED[name]} if name in DESCRIBED else {}
            call(checkout, "ssm", "put-parameter", Name=f"{PATH}/{name}", Value=value, Type=kind, **described)
    image = f"000000000000.dkr.ecr.us-west-2.amazonaws.com/{_image(checkout)}"
    _role(checkout, "HandAccess", "build.apprunner.amazonaws.com", ["ecr:*"])
    _role(checkout, "HandInstance", "tasks.apprunner.amazonaws.com", ["ssm:GetParameters", "ssm:GetParameter"])
    scaling = call(
        checkout,
        "apprunner",
        "create-auto-scaling-configuration",
        AutoScalingConfigurationName="by-hand",
        MinSize=1,
        MaxSize=7,
        MaxConcurrency=50,
    )["AutoScalingConfiguration"]
    variables = {name: name.upper().replace("-", "_") for name in (*literals(checkout), *secrets)}
    made = call(
        checkout,
        "apprunner",
        "create-service",
        ServiceName=SERVICE,
        SourceConfiguration={
            "AuthenticationConfiguration": {"AccessRoleArn": ROLE.format("HandAccess")},
            "ImageRepository": {
                "ImageIdentifier": image,
                "ImageRepositoryType": "ECR",
                "ImageConfiguration": {
                    "Port": str(free_port()),
                    "RuntimeEnvironmentSecrets": {v: f"{ARN}/{name}" for name, v in variables.items()},
                    "RuntimeEnvironmentVariables": {
                        "META_GRAPH_URL": f"http://127.0.0.1:{checkout.ports['8002']}",
                        "LOG_SHIPPER_URL": EXTRA["LOG_SHIPPER_URL"],
                    },
                },
            },
        },
        InstanceConfiguration={"Cpu": "1 vCPU", "Memory": "3 GB", "InstanceRoleArn": ROLE.format("HandInstance")},
        HealthCheckConfiguration={"Protocol": "HTTP", "Path": "/", "Interval": 1, "HealthyThreshold": 2},
        AutoScalingConfigurationArn=scaling["AutoScalingConfigurationArn"],
    )
    arn: str = made["Service"]["ServiceArn"]
    wait(checkout, arn)
    return arn


ROLE = "arn:aws:iam::000000000000:role/{}"


def wait(checkout: Checkout, arn: str) -> None:
    end = time.monotonic() + 60
    while (status := described(checkout, arn)["Status"]) == "OPERATION_IN_PROGRESS":
        assert time.monotonic() < end
        time.sleep(0.05)
    assert status == "RUNNING"


def described(checkout: Checkout, arn: str) -> Any:
    return aws.apprunner(checkout).describe_service(ServiceArn=arn)["Service"]


def _image(checkout: Checkout) -> str:
    """The image of this commit once more, in a repository with the settings that ECR gives by itself."""
    ecr = aws.ecr(checkout)
    call(checkout, "ecr", "create-repository", repositoryName=REPOSITORY)
    [detail] = ecr.describe_images(repositoryName="ansari-whatsapp")["imageDetails"]
    [image] = ecr.batch_get_image(repositoryName="ansari-whatsapp", imageIds=[{"imageDigest": detail["imageDigest"]}])[
        "images"
    ]
    tag = next(tag for tag in detail["imageTags"] if not tag.startswith("released-"))
    call(
        checkout,
        "ecr",
        "put-image",
        repositoryName=REPOSITORY,
        imageManifest=image["imageManifest"],
        imageManifestMediaType="application/vnd.oci.image.manifest.v1+json",
        imageTag=tag,
    )
    return f"{REPOSITORY}:{tag}"


def _role(checkout: Checkout, name: str, service: str, actions: list[str]) -> None:
    def document(**statement: Any) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})

    trust = document(Principal={"Service": service}, Action="sts:AssumeRole")
    call(checkout, "iam", "create-role", RoleName=name, AssumeRolePolicyDocument=trust)
    rights = document(Action=actions, Resource="*")
    call(checkout, "iam", "put-role-policy", RoleName=name, PolicyName="all", PolicyDocument=rights)
