"""What one would write with FastAPI and uvicorn: the same checks, and the same inbox."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response

from ansari_whatsapp.inbox import SqliteInbox
from ansari_whatsapp.signature import HEADER, Signer
from ansari_whatsapp.webhook import decode, parse
from tests.ansari_whatsapp.world import APP_SECRET, NUMBER

signer = Signer(APP_SECRET)
inbox = SqliteInbox(Path(sys.argv[2] if len(sys.argv) > 2 else "inbox.sqlite3"), capacity=10_000_000)


@asynccontextmanager
async def _open(_: FastAPI) -> AsyncIterator[None]:
    await inbox.open()
    yield
    await inbox.aclose()


app = FastAPI(lifespan=_open)


@app.get("/")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/whatsapp/v2", response_model=None)
async def receive(request: Request) -> Response | dict[str, bool]:
    body = await request.body()
    if not signer.valid(request.headers.get(HEADER), body):
        return Response(status_code=403)
    await inbox.put(parse(decode(body), NUMBER).messages)
    return {"success": True}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
