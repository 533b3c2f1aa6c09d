"""Deploy a service from one YAML manifest per environment."""

from typing import Final

VERSION: Final = "0.1.0"
