"""ministack, with its one known departure from AWS put right. Runs in ministack's own venv.

It authorizes SQS's batch operations by names of their own, which on AWS are no actions: there,
`sqs:SendMessage` allows SendMessageBatch too (SQS developer guide, "Amazon SQS API permissions").
A role that is right on AWS would be denied here.
"""

from collections.abc import Callable
from typing import cast

from ministack.app import main  # pyright: ignore[reportUnknownVariableType]  has no types
from ministack.core import iam_actions


def authorize_sqs_batches_as_single_messages() -> None:
    """Name the action as AWS does."""
    extract = cast("Callable[..., str | None]", iam_actions.extract_iam_action)

    def extract_as_aws_does(service: str, *request: object) -> str | None:
        action = extract(service, *request)
        return action.removesuffix("Batch") if action and service == "sqs" else action

    iam_actions.extract_iam_action = extract_as_aws_does


if __name__ == "__main__":
    authorize_sqs_batches_as_single_messages()
    main()
