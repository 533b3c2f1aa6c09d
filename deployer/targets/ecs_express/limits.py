"""What ECS Express Mode allows: the sizes, ranges and shapes that its section of a manifest is held to. Pure.

Sources: botocore's model of ECS, 2014-11-13, and the ECS developer guide ("Task CPU and memory" for the Fargate pairs).
The model has neither patterns nor limits for strings and numbers, so that nothing else checks them before AWS does.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

# A size is written in two ways, and both mean the same: they are compared as numbers.
Cpu = Literal[
    "0.25 vCPU", "0.5 vCPU", "1 vCPU", "2 vCPU", "4 vCPU", "8 vCPU", "16 vCPU",
    "256", "512", "1024", "2048", "4096", "8192", "16384",
]  # fmt: skip
MEMORY: Final = r"(?:0\.5|[1-9][0-9]{0,2}) GB|[1-9][0-9]{2,5}"


def number(size: str) -> int:
    """A size in units or MiB: 1024 for "1 vCPU", "1 GB" and "1024"."""
    amount, _, unit = size.partition(" ")
    return round(float(amount) * 1024) if unit else int(amount)


CPU_UNITS: Final = {size: number(size) for size in get_args(Cpu)}

# CPU units -> the memory sizes, in MiB, that Fargate offers with them.
MEMORY_FOR_CPU: Final = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
}

SERVICE_NAME: Final = r"[A-Za-z0-9_-]{1,255}"
SUBNET: Final = r"subnet-[0-9a-f]{8,17}"
SECURITY_GROUP: Final = r"sg-[0-9a-f]{8,17}"
MOST_TASKS: Final = 5000  # ECS endpoints and quotas, "Tasks per service"
LONGEST_BAKE: Final = 1440  # minutes; ECS API reference, DeploymentConfiguration and CanaryConfiguration
SERVICE_VARIABLE_CHARACTERS: Final = 32768  # a task definition is 64 KiB, and older pages of AWS say 32
