"""ministack, corrected where it is known to differ from AWS. Runs in ministack's own venv."""

import json
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, cast

from ministack.app import main  # pyright: ignore[reportUnknownVariableType]  has no types
from ministack.core import iam_actions, lambda_runtime
from ministack.services import apigateway, dynamodb, lambda_svc
from streams import hand_out_changes_as_lambda_does

MAX_PROCESSES: Final = 4
POLL_SECONDS: Final = 0.002

_WORDS_OF_EXPRESSIONS: Final = frozenset(
    {"ADD", "AND", "BETWEEN", "DELETE", "IN", "NOT", "OR", "REMOVE", "SET"}
)

Record = Mapping[str, object]  # as the API's own JSON names it: an API, a route
Answer = Callable[..., Awaitable[tuple[object, ...]]]  # status, headers, body


def authorize_sqs_batches_as_single_messages() -> None:
    """Name SQS's batch operations as AWS does when it authorizes them.

    ministack gives them names of their own, which on AWS are no actions: there,
    `sqs:SendMessage` allows SendMessageBatch too (SQS developer guide, "Amazon SQS API
    permissions"). Without this, a role that is right on AWS is denied here.
    """
    extract = cast("Callable[..., str | None]", iam_actions.extract_iam_action)

    def extract_as_aws_does(service: str, *request: object) -> str | None:
        action = extract(service, *request)
        return action.removesuffix("Batch") if action and service == "sqs" else action

    iam_actions.extract_iam_action = extract_as_aws_does


def let_requests_end_in_the_environment_they_began_in() -> None:
    """Let the process of an updated function finish its request; it gets no other one.

    ministack kills it at once, so that the caller is answered "Worker process died" (over HTTP:
    500), and an SQS batch is delivered again. AWS lets invocations that are running finish.
    """
    kill = cast("Callable[[Iterable[Environment]], None]", lambda_runtime.kill_workers)

    class Environment(lambda_runtime.Worker):
        _is_retired = False

        def invoke(self, *request: object, **context: object) -> dict[str, object]:
            try:
                return cast("Callable[..., dict[str, object]]", super().invoke)(*request, **context)
            finally:
                if self._is_retired:
                    self.retire()

        def retire(self) -> None:
            self._is_retired = True  # first, because a request may end before the lock is tried
            if self._lock.acquire(blocking=False):  # held while a request is under way
                try:
                    kill([self])
                finally:
                    self._lock.release()

    def retire_all(environments: Iterable[Environment]) -> None:
        for environment in environments:
            environment.retire()

    lambda_runtime.Worker = Environment
    lambda_runtime.kill_workers = retire_all


def let_requests_wait_for_a_process() -> None:
    """Run at most MAX_PROCESSES of a function. If none is free, a request waits for one.

    ministack starts another at once, without a limit. On a laptop, starting many takes longer than
    letting one answer all requests, and the time-outs that follow start even more.
    """
    lease = cast("Callable[..., tuple[object, str]]", lambda_runtime.acquire_worker)

    def lease_or_wait(*function: object, **options: object) -> tuple[object, str]:
        options["max_concurrency"] = MAX_PROCESSES
        while True:
            leased, how = lease(*function, **options)
            if leased is not None:
                return leased, how
            time.sleep(POLL_SECONDS)

    lambda_runtime.acquire_worker = lease_or_wait
    lambda_svc.acquire_worker = lease_or_wait


def log_as_lambda_does() -> None:
    """Have functions log lines of JSON, with the fields of each event and the id of its request.

    ministack keeps what a process prints, and Python prints the names of warnings alone. Every function of the
    program has the JSON format, so nobody is asked.
    """
    script = cast("str", lambda_runtime.__dict__["_PYTHON_WORKER_SCRIPT"])
    begin = '        event = _ms_msg["event"]\n'
    if begin not in script:
        raise RuntimeError("ministack starts a request otherwise than this release knows")
    request_id = '(_ms_msg.get("ctx") or {}).get("request_id", "")'
    told = script.replace(begin, f"{begin}        begin_request_of_log({request_id})\n")
    setup = Path(__file__).with_name("function_log.py").read_text()
    lambda_runtime.__dict__["_PYTHON_WORKER_SCRIPT"] = f"{setup}\n{told}"


def let_routes_answer_preflights() -> None:
    """Pass an OPTIONS request to its route, where the API has no CORS configuration.

    ministack answers each one itself, then with 403. On AWS the configuration only comes first: an
    API without one has routes for OPTIONS like any other (HTTP API developer guide, "CORS").
    """
    names = apigateway.__dict__
    handle = cast("Answer", names["_handle_execute_in_scope"])
    match_route = cast("Callable[[str, str, str], Record | None]", names["_match_route"])
    invoke = cast("Answer", names["_invoke_lambda_proxy"])
    apis = cast("Mapping[str, Record]", names["_apis"])
    integrations = cast("Mapping[str, Record]", names["_integrations"])

    async def handle_as_aws_does(
        api: str, stage: str, path: str, method: str, *request: object
    ) -> tuple[object, ...]:
        configured = apis.get(api, {}).get("corsConfiguration")
        route = match_route(api, method, path) if method == "OPTIONS" else None
        if configured or route is None:
            return await handle(api, stage, path, method, *request)
        headers, body, query, account, region, *_ = request
        integration = integrations[api][str(route["target"]).removeprefix("integrations/")]
        return await invoke(
            *(integration, api, stage, path, method, headers, body, query, route["routeKey"]),
            owner_account_id=account,
            owner_region=region,
        )

    names["_handle_execute_in_scope"] = handle_as_aws_does


def tell_conditions_which_rows_dynamodb_writes() -> None:
    """Give a policy's conditions the partition keys of a write, and the attributes that it names.

    ministack tells them only the attributes that a read projects. On AWS, `dynamodb:LeadingKeys` and
    `dynamodb:Attributes` hold those of writes too (DynamoDB developer guide, "Using IAM policy
    conditions for fine-grained access control"), and a role that may not write them is denied.
    """
    context = cast("Callable[[bytes], dict[str, object]]", iam_actions.dynamodb_service_context)

    def context_as_aws_has_it(body: bytes) -> dict[str, object]:
        known = context(body)
        request = cast("Record", json.loads(body or b"{}"))
        rows = list(_written_rows(request))
        if not rows:
            return known
        keys = [value for table, row in rows for value in _partition_key(table, row)]
        attributes = {*_named_attributes(request), *(name for _, row in rows for name in row)}
        return {
            **known,
            "dynamodb:LeadingKeys": keys,
            "dynamodb:Attributes": sorted(attributes),
            "dynamodb:ReturnValues": request.get("ReturnValues", "NONE"),
        }

    iam_actions.dynamodb_service_context = context_as_aws_has_it


def _written_rows(request: Record) -> Iterator[tuple[str, Record]]:
    """The table and the key, or the whole item, of each row that a request to DynamoDB writes."""
    if "UpdateExpression" in request:
        yield str(request["TableName"]), cast("Record", request["Key"])
    elif "Item" in request:
        yield str(request["TableName"]), cast("Record", request["Item"])
    batch = cast("Mapping[str, object]", request.get("RequestItems", {}))
    for table, writes in batch.items():
        for write in cast("list[Record]", writes) if isinstance(writes, list) else []:
            of_row = cast("Record", next(iter(write.values())))  # a PutRequest or a DeleteRequest
            yield table, cast("Record", of_row.get("Item") or of_row["Key"])


def _partition_key(table: str, row: Record) -> Iterator[str]:
    name = cast("Mapping[str, Mapping[str, str]]", dynamodb.__dict__["_tables"])[table]["pk_name"]
    yield from (str(value) for value in cast("Record", row[name]).values())


def _named_attributes(request: Record) -> Iterator[str]:
    """The attributes that the expressions of a request name, without what only looks like one."""
    names = cast("Mapping[str, str]", request.get("ExpressionAttributeNames", {}))
    for expression in ("UpdateExpression", "ConditionExpression"):
        text = str(request.get(expression, ""))
        for word in re.findall(r"(?<![:\w.#])#?[A-Za-z_]\w*(?!\w|\s*\()", text):
            if word.upper() not in _WORDS_OF_EXPRESSIONS:
                yield names.get(word, word)


if __name__ == "__main__":
    authorize_sqs_batches_as_single_messages()
    let_requests_end_in_the_environment_they_began_in()
    let_requests_wait_for_a_process()
    log_as_lambda_does()
    let_routes_answer_preflights()
    tell_conditions_which_rows_dynamodb_writes()
    hand_out_changes_as_lambda_does()
    main()
