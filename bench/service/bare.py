"""A Sanic handler that checks the signature, reads the JSON and answers: the least a webhook service can do."""

from __future__ import annotations

import sys
from typing import Any

import orjson
from sanic import HTTPResponse, Request, Sanic, json, text

from ansari_whatsapp.signature import HEADER, Signer
from tests.ansari_whatsapp.world import APP_SECRET

app: Sanic[Any, Any] = Sanic("bare", configure_logging=False)
signer = Signer(APP_SECRET)


@app.get("/")
async def health(_: Request) -> HTTPResponse:
    return text("ok")


@app.post("/whatsapp/v2")
async def receive(request: Request) -> HTTPResponse:
    if not signer.valid(request.headers.get(HEADER), request.body):
        return text("forbidden", status=403)
    orjson.loads(request.body)
    return json({"success": True})


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]), single_process=True, motd=False, access_log=False)
