from __future__ import annotations

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from ansari_whatsapp.signature import Signer


@given(st.binary(max_size=2000), st.text(min_size=1, max_size=40))
def test_it_is_hmac_sha256_over_the_bytes(body: bytes, secret: str) -> None:
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    signer = Signer(secret)
    assert signer.sign(body) == expected
    assert signer.valid(expected, body)
    assert signer.valid(expected, body)  # the prepared key is not used up


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_another_body_is_not_signed(one: bytes, two: bytes) -> None:
    signer = Signer("secret")
    assert signer.valid(signer.sign(one), two) is (one == two)


@given(st.text(max_size=100))
def test_any_header_is_answered_without_an_exception(header: str) -> None:
    assert Signer("secret").valid(header, b"body") is False


def test_a_missing_header_is_not_valid() -> None:
    assert Signer("secret").valid(None, b"") is False
