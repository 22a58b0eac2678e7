"""The part of GitHub's REST API that a comment needs."""

from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, cast

import httpx

from ops.errors import OpsError

PAGE: Final = 100  # comments a page; the API gives no more

# Anyone who can comment can copy our marker, so we only change comments of this account. GitHub
# makes it the author of everything that a workflow does with its GITHUB_TOKEN.
WORKFLOW_LOGIN: Final = "github-actions[bot]"


@dataclass(frozen=True, kw_only=True)
class Comment:
    """A comment on a pull request."""

    id: int
    author: str
    body: str


class GitHub:
    """Comments of one repository. The token goes to `api_url` only: redirects are not followed."""

    def __init__(self, api_url: str, repository: str, token: str) -> None:
        self._client = httpx.Client(
            base_url=f"{api_url}/repos/{repository}",
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {token}",
                "X-GitHub-Api-Version": "2022-11-28",
            },
            timeout=30,
            transport=httpx.HTTPTransport(retries=2),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def comments(self, pull_request: int) -> list[Comment]:
        """Return all comments, oldest first."""
        found: list[Comment] = []
        page = 0
        while len(found) == page * PAGE:
            page += 1
            answer = self._call(
                "GET",
                f"/issues/{pull_request}/comments",
                params={"per_page": str(PAGE), "page": str(page)},
            )
            found += [_comment(item) for item in cast("list[dict[str, object]]", answer)]
        return found

    def add_comment(self, pull_request: int, body: str) -> str:
        """Post a new comment and return its URL."""
        return _url(self._call("POST", f"/issues/{pull_request}/comments", body=body))

    def change_comment(self, comment_id: int, body: str) -> str:
        """Replace the text of a comment and return its URL."""
        return _url(self._call("PATCH", f"/issues/comments/{comment_id}", body=body))

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: str | None = None,
    ) -> object:
        content = None if body is None else {"body": body}
        try:
            answer = self._client.request(method, path, params=params, json=content)
        except httpx.TransportError as error:
            raise OpsError(f"{method} {self._client.base_url}{path} failed: {error!r}") from error
        if not answer.is_success:
            raise OpsError(
                f"{method} {answer.url} answered {answer.status_code}: {answer.text[:500]}\n"
                "401, 403 or 404: the job needs `permissions: pull-requests: write`, and a pull "
                "request from a fork never has it. 5xx: GitHub; run the job again."
            )
        return answer.json()


def _comment(item: dict[str, object]) -> Comment:
    # The author is null once the account is deleted; the body may be null too.
    user = cast("dict[str, object]", item["user"] or {})
    return Comment(
        id=cast("int", item["id"]),
        author=str(user.get("login", "")),
        body=str(item["body"] or ""),
    )


def _url(answer: object) -> str:
    return str(cast("dict[str, object]", answer)["html_url"])
