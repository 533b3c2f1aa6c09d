"""The deployer asks Meta for the callbacks of the number."""

from __future__ import annotations

import pytest

from deployer.core.secret import SecretValue
from deployer.errors import DeployerError
from deployer.run.callbacks import read_callbacks
from tests.local.meta.conftest import NUMBER, TOKEN, Meta

OTHER = "not-the-token-of-the-user"


def test_all_levels_are_read(meta: Meta) -> None:
    of_app = meta.local.get("/_local/about").json()["callback_url"]
    same = of_app.replace("127.0.0.1", "localhost")
    override = {"override_callback_uri": same, "verify_token": "the-verify-token"}
    assert meta.graph.post(f"/v26.0/{NUMBER}", json={"webhook_configuration": override}).status_code == 200
    callbacks = read_callbacks(f"{meta.url}/v26.0", SecretValue(NUMBER), SecretValue(TOKEN))
    assert callbacks == {"phone_number": same, "application": of_app}


def test_a_refusal_names_metas_code_and_no_secret(meta: Meta) -> None:
    with pytest.raises(DeployerError, match="refuses to show the callbacks") as refused:
        read_callbacks(f"{meta.url}/v26.0", SecretValue(NUMBER), SecretValue(OTHER))
    assert refused.value.why == "code 190"
    assert OTHER not in str(refused.value)


def test_a_page_that_is_no_graph_api_is_said(meta: Meta) -> None:
    with pytest.raises(DeployerError, match="without JSON") as wrong:
        read_callbacks(f"{meta.url}/none/of/this", SecretValue(NUMBER), SecretValue(TOKEN))
    assert wrong.value.why == "status 404"


def test_an_address_that_does_not_answer_is_said() -> None:
    with pytest.raises(DeployerError, match="does not answer") as silent:
        read_callbacks("http://127.0.0.1:9/v26.0", SecretValue(NUMBER), SecretValue(TOKEN))
    assert silent.value.why == "ConnectError"
