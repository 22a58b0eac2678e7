"""Asks the stack where tokens are served. Tokens of a feed that ask at once share a call."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .errors import ClientError
from .gatherer import Gatherer
from .rest import Place, RestApi
from .scope import Scope

MAX_TOKENS: Final = 100  # of a call
# Of its tokens: API Gateway takes 10,240 bytes of address and headers, and a pass may have 4 KB.
MAX_LETTERS: Final = 5_000


@dataclass(frozen=True, eq=False)
class Question:
    token: str
    avoid: str | None
    answer: "asyncio.Future[Place | ClientError]"


class Discovery:
    """With `asks_for_many` several tokens share a call, which stacks before feeds do not know."""

    def __init__(self, rest: RestApi, scope: Scope, *, asks_for_many: bool) -> None:
        self._rest = rest
        self._scope = scope
        self._asks_for_many = asks_for_many
        self._gatherer = Gatherer(scope, self._ask_all)
        self._questions: list[Question] = []

    async def ask(self, token: str, avoid: str | None) -> Place:
        """Where to connect, if possible not on path `avoid`. Raises Refused, Unreachable."""
        if not self._asks_for_many:
            return await self._rest.route(token, avoid)
        self._gatherer.ask()
        question = Question(token, avoid, asyncio.get_running_loop().create_future())
        self._questions.append(question)
        answer = await question.answer
        if isinstance(answer, ClientError):
            raise answer
        return answer

    def _ask_all(self) -> None:
        questions, self._questions = self._questions, []
        for call in calls(questions):
            self._scope.start(self._ask(call))

    async def _ask(self, questions: list[Question]) -> None:
        try:
            answers = await self._rest.routes(
                [each.token for each in questions], questions[0].avoid
            )
        except ClientError as error:
            answers = [error] * len(questions)
        for question, answer in zip(questions, answers, strict=True):
            if not question.answer.done():
                question.answer.set_result(answer)


def calls(questions: Iterable[Question]) -> list[list[Question]]:
    """The questions of each call: of one `avoid`, and not too many."""
    found: list[list[Question]] = []
    letters = 0
    for question in sorted(questions, key=lambda each: each.avoid or ""):
        letters += len(question.token) + 1
        call = found[-1] if found else []
        fits = len(call) < MAX_TOKENS and letters <= MAX_LETTERS
        if call and fits and call[0].avoid == question.avoid:
            call.append(question)
        else:
            found.append([question])
            letters = len(question.token) + 1
    return found
