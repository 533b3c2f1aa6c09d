"""What App Runner allows: the sizes, ranges and shapes that its section of a manifest is held to. Pure.

Sources: the App Runner API reference (https://docs.aws.amazon.com/apprunner/latest/api/), and its developer guide
(https://docs.aws.amazon.com/apprunner/latest/dg/architecture.html for the CPU and memory pairs).
"""

from __future__ import annotations

from typing import Final, Literal, get_args

# App Runner writes each size in two ways; both mean the same, so they are compared as numbers.
Cpu = Literal[
    "0.25 vCPU", "0.5 vCPU", "1 vCPU", "2 vCPU", "4 vCPU", "256", "512", "1024", "2048", "4096"
]  # fmt: skip
Memory = Literal[
    "0.5 GB", "1 GB", "2 GB", "3 GB", "4 GB", "6 GB", "8 GB", "10 GB", "12 GB",
    "512", "1024", "2048", "3072", "4096", "6144", "8192", "10240", "12288",
]  # fmt: skip


def _number(size: str) -> int:
    amount, _, unit = size.partition(" ")
    return int(float(amount) * 1024) if unit else int(amount)


CPU_UNITS: Final = {size: _number(size) for size in get_args(Cpu)}
MEMORY_MB: Final = {size: _number(size) for size in get_args(Memory)}

# CPU units -> the memory sizes, in MB, that App Runner offers with them.
MEMORY_FOR_CPU: Final = {
    256: (512, 1024),
    512: (1024,),
    1024: (2048, 3072, 4096),
    2048: (4096, 6144),
    4096: (8192, 10240, 12288),
}

SERVICE_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9_-]{3,39}"
SERVICE_VARIABLE_CHARACTERS: Final = 51200

# Botocore's model of App Runner, 2020-05-15: an ARN ends in name/revision/id; KmsKeyArn.
_OF_APP_RUNNER: Final = r"arn:aws(?:-[a-z]+)*:apprunner:[a-z0-9-]+:[0-9]{12}"
VPC_CONNECTOR: Final = rf"{_OF_APP_RUNNER}:vpcconnector/[A-Za-z0-9][A-Za-z0-9_-]{{3,39}}/[0-9]+/[0-9a-f]{{32}}"
OBSERVABILITY_CONFIGURATION: Final = (
    rf"{_OF_APP_RUNNER}:observabilityconfiguration/[A-Za-z0-9][A-Za-z0-9_-]{{3,31}}/[0-9]+/[0-9a-f]{{32}}"
)
