"""Errors: the class alone says whether to send again."""

import pytest

from functions.glow.errors import FanOutFailed, GlowError, Refused, Unavailable


@pytest.mark.parametrize("refusal", Refused.__subclasses__())
def test_every_refusal_is_the_callers_fault(refusal: type[Refused]) -> None:
    assert 400 <= refusal.status < 500


def test_each_refusal_has_a_code_of_its_own() -> None:
    codes = [refusal.code for refusal in Refused.__subclasses__()]

    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("retryable", [Unavailable, FanOutFailed])
def test_what_sending_again_mends_is_no_refusal(retryable: type[GlowError]) -> None:
    assert not issubclass(retryable, Refused)
