"""What verifies access tokens is told: the same names in a function's environment and the worker's."""

from collections.abc import Mapping

import pulumi

from components.settings.access_tokens import AccessTokens
from functions import environment as env


def listener_variables(tokens: AccessTokens) -> Mapping[str, str]:
    """What everybody may see; nothing on an open stack."""
    if tokens.algorithm is None:
        return {}
    key = {} if tokens.public_key is None else {env.LISTENER_PUBLIC_KEY: tokens.public_key}
    return {env.LISTENERS: "token", env.LISTENER_ALGORITHM: tokens.algorithm, **key}


def listener_secrets(tokens: AccessTokens) -> Mapping[str, pulumi.Input[str] | None]:
    return {
        env.LISTENER_SECRET: tokens.secret.current,
        env.LISTENER_SECRET_PREVIOUS: tokens.secret.previous,
    }
