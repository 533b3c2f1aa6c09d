"""What a call to DynamoDB costs, by the library that makes it: `python -m bench.service.clients NAME URL CALLS`.

Each client is a process of its own, with 32 calls at once, and signs with botocore.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

import httpx
import orjson
import uvloop
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from botocore.session import Session

from ansari_whatsapp.inbox.dynamodb.client import Client
from bench.measure import Result
from bench.service import servers
from tests.ansari_whatsapp.world import ROOT

AT_ONCE, CALLS = 32, 4000
REGION, KEYS = "us-west-2", ("access", "secret-of-no-account")
TEXT = "a" * 200
Call = Callable[[dict[str, Any]], Awaitable[object]]


def measure(rounds: int) -> list[Result]:
    """The clients in turns, so that whatever else the machine is busy with meets all alike."""
    seen: dict[str, list[dict[str, float]]] = {name: [] for name in CLIENTS}
    with servers.stub() as stub:
        for _ in range(rounds):
            for name in CLIENTS:
                seen[name].append(_of(name, stub.port))
    results = []
    for name, runs in seen.items():
        used = median(run["processor"] for run in runs) / CALLS
        elapsed = median(run["elapsed"] for run in runs) / CALLS
        note = f"{1 / elapsed:.0f} a second by the clock on this machine, {AT_ONCE} at once"
        results.append(Result(f"{name}: calls a second and core", 1 / used, note=note))
        results.append(Result(f"{name}: processor time of a call", used * 1000, " ms"))
    return results


def _of(name: str, port: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.service.clients", name, f"http://127.0.0.1:{port}/", str(CALLS)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        servers.pin(process.pid, servers.SERVED_ON)
        output, _ = process.communicate(timeout=120)
    found: dict[str, float] = json.loads(output)
    return found


def request(number: int) -> dict[str, Any]:
    """A write as it stores a message."""
    return {
        "TableName": "table",
        "Key": {"pk": {"S": f"U#{number}"}, "sk": {"S": "box"}},
        "UpdateExpression": "SET #0 = :0, #1 = :1",
        "ConditionExpression": "(attribute_not_exists(#0))",
        "ExpressionAttributeNames": {"#0": f"t_{number}", "#1": "due"},
        "ExpressionAttributeValues": {":0": {"M": {"x": {"S": TEXT}}}, ":1": {"N": "1790000000"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


async def _at_once(call: Call, calls: int) -> tuple[float, float]:
    """Make the calls; returns the seconds that passed, and the seconds of processor time."""
    numbers = iter(range(calls))

    async def some() -> None:
        for number in numbers:
            await call(request(number))

    await asyncio.gather(*(call(request(number)) for number in range(AT_ONCE)))
    begin, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return time.perf_counter() - begin, time.process_time() - used


def _with_ours(url: str, calls: int) -> tuple[float, float]:
    """The service's own client: aiohttp."""

    async def run() -> tuple[float, float]:
        session = Session()
        session.set_credentials(*KEYS)
        client = Client(REGION, url, session)
        await client.open()
        try:
            return await _at_once(lambda one: client.call("UpdateItem", one), calls)
        finally:
            await client.aclose()

    return uvloop.run(run())


def _with_httpx(url: str, calls: int) -> tuple[float, float]:
    signer = SigV4Auth(ReadOnlyCredentials(*KEYS, None), "dynamodb", REGION)

    async def run() -> tuple[float, float]:
        async with httpx.AsyncClient(verify=False) as http:  # noqa: S501 -- of this machine, without TLS

            async def call(one: dict[str, Any]) -> object:
                signed = AWSRequest("POST", url, data=orjson.dumps(one))
                signed.headers["X-Amz-Target"] = "DynamoDB_20120810.UpdateItem"
                signed.headers["Content-Type"] = "application/x-amz-json-1.0"
                signer.add_auth(signed)
                answer = await http.post(url, content=signed.data, headers=dict(signed.headers.items()))
                return orjson.loads(answer.content)

            return await _at_once(call, calls)

    return uvloop.run(run())


def _with_boto3(url: str, calls: int) -> tuple[float, float]:
    """botocore's client in as many threads, which is what boto3 calls."""
    session = Session()
    session.set_credentials(*KEYS)
    config = Config(max_pool_connections=AT_ONCE, retries={"total_max_attempts": 1})
    client: Any = session.create_client("dynamodb", region_name=REGION, endpoint_url=url, config=config)
    with ThreadPoolExecutor(AT_ONCE) as pool:

        def call(number: int) -> object:
            return client.update_item(**request(number))

        list(pool.map(call, range(AT_ONCE)))
        begin, used = time.perf_counter(), time.process_time()
        list(pool.map(call, range(calls)))
        return time.perf_counter() - begin, time.process_time() - used


CLIENTS: dict[str, Callable[[str, int], tuple[float, float]]] = {
    "aiohttp (the service's)": _with_ours,
    "boto3 in threads": _with_boto3,
    "httpx": _with_httpx,
}

if __name__ == "__main__":
    elapsed, processor = CLIENTS[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
    sys.stdout.write(json.dumps({"elapsed": elapsed, "processor": processor}))
