"""The fault switches of the local ansari-backend: `PUT /_local/faults`."""

from __future__ import annotations

from collections.abc import Mapping

from deployer.local.faults import Choice, Flag, FreeText, Number, Parameter, Switch

SECONDS = Number("how long", 0, 3600, required=True)
BYTES = Number("how many bytes of the answer go out before", 0, 1e8, whole=True, required=True)
STORED = Flag("whether the thread still gets the whole answer, to be found in its history")
ROUTES = ("register", "exists", "new_thread", "last_thread", "history", "process")
USER: Mapping[str, Parameter] = {"user": FreeText("only this phone number")}
ANY: Mapping[str, Parameter] = {**USER, "route": Choice("only this route", ROUTES)}

SWITCHES: dict[str, Switch] = {
    "headers_delay": Switch("waits before the status and headers", {"seconds": SECONDS}, ANY),
    "first_chunk_delay": Switch("waits after the headers, before the first words", {"seconds": SECONDS}, USER),
    "chunk_delay": Switch("waits between chunks of the answer", {"seconds": SECONDS}, USER),
    "stall": Switch("one pause within the answer", {"seconds": SECONDS, "after_bytes": BYTES}, USER),
    "server_error": Switch(
        "answers with an error instead",
        {"status": Choice("which status (500)", (400, 429, 500, 502, 503, 504)), "detail": FreeText("its text")},
        ANY,
    ),
    "no_response": Switch("resets the connection before any header", {}, ANY),
    "empty_answer": Switch("200 with an empty body; the apology is only stored", {}, USER),
    "truncate": Switch(
        "closes in the middle of a chunk, as a killed worker does", {"after_bytes": BYTES, "stored": STORED}, USER
    ),
    "end_early": Switch("ends the answer cleanly but too soon, as a failed round does", {"after_bytes": BYTES}, USER),
    "reset": Switch("resets the connection within the answer", {"after_bytes": BYTES, "stored": STORED}, USER),
    "split_characters": Switch("cuts chunks within characters of several bytes", {}, USER),
    "glued_rounds": Switch("searches first: two rounds, with nothing between their texts", {}, USER),
    "answer_length": Switch(
        "answers at this length", {"characters": Number("how many", 1, 1_000_000, whole=True, required=True)}, USER
    ),
    "thread_none": Switch('gives {"thread_id": "None"} instead of a new thread', {}, USER),
    "register_failure": Switch('answers 200 with user_id {"status": "failure"} and registers nobody', {}, USER),
    "user_not_found": Switch("`exists` returns true, every other route 404", {}, ANY),
    "lookups_fail": Switch("`exists` returns false and the last thread is null, as when the database fails", {}, USER),
}
