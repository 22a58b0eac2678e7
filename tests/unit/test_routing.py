"""Routes: a pure function of its arguments, and never nowhere."""

from hypothesis import given
from hypothesis import strategies as st

from functions.glow.routing import paths


@given(st.booleans(), st.text())
def test_every_token_takes_the_path_that_the_flag_names(edge_is_on: bool, token: str) -> None:
    assert paths(edge_is_on=edge_is_on, token=token) == {"edge" if edge_is_on else "aws"}
