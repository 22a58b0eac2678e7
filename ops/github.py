"""The part of GitHub's REST API that comments, issues and releases need."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, cast

import httpx

from ops.errors import OpsError

PAGE: Final = 100  # entries a page; the API gives no more
_NOT_FOUND: Final = 404

# Anyone who can comment can copy our marker, so we only change comments of this account. GitHub
# makes it the author of everything that a workflow does with its GITHUB_TOKEN.
WORKFLOW_LOGIN: Final = "github-actions[bot]"


@dataclass(frozen=True, kw_only=True)
class Comment:
    """A comment on a pull request."""

    id: int
    author: str
    body: str


@dataclass(frozen=True, kw_only=True)
class Issue:
    """An issue; pull requests are none."""

    number: int
    author: str
    body: str


class GitHub:
    """One repository. The token goes to `api_url` only: redirects are not followed.

    `needs` is the permission of the job, for errors that may be for the lack of it.
    """

    def __init__(
        self, api_url: str, repository: str, token: str, *, needs: str = "pull-requests: write"
    ) -> None:
        self._needs = needs
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
        return [_comment(item) for item in self._all(f"/issues/{pull_request}/comments")]

    def add_comment(self, number: int, body: str) -> str:
        """Post a new comment on a pull request or issue and return its URL."""
        return _url(self._call("POST", f"/issues/{number}/comments", content={"body": body}))

    def change_comment(self, comment_id: int, body: str) -> str:
        """Replace the text of a comment and return its URL."""
        return _url(self._call("PATCH", f"/issues/comments/{comment_id}", content={"body": body}))

    def open_issues(self) -> list[Issue]:
        """Return all that are open, newest first."""
        return [_issue(item) for item in self._all("/issues") if "pull_request" not in item]

    def open_issue(self, title: str, body: str) -> str:
        """Open an issue and return its URL."""
        return _url(self._call("POST", "/issues", content={"title": title, "body": body}))

    def change_issue(self, number: int, body: str) -> str:
        """Replace the text of an issue and return its URL."""
        return _url(self._call("PATCH", f"/issues/{number}", content={"body": body}))

    def close_issue(self, number: int) -> str:
        """Close an issue as done and return its URL."""
        return _url(self._call("PATCH", f"/issues/{number}", content={"state": "closed"}))

    def release(self, tag: str) -> str | None:
        """Return the URL of the release of `tag`; None if there is none."""
        answer = self._send("GET", f"/releases/tags/{tag}")
        if answer.status_code == _NOT_FOUND:
            return None
        return _url(self._read(answer))

    def add_release(self, tag: str, *, commit: str, notes: str) -> str:
        """Tag `commit`, make a release of it, and return its URL."""
        content = {"tag_name": tag, "target_commitish": commit, "name": tag, "body": notes}
        return _url(self._call("POST", "/releases", content=content))

    def _all(self, path: str) -> Iterator[dict[str, object]]:
        """Read page after page."""
        page, size = 0, PAGE
        while size == PAGE:
            page += 1
            params = {"per_page": str(PAGE), "page": str(page)}
            items = cast("list[dict[str, object]]", self._call("GET", path, params=params))
            size = len(items)
            yield from items

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: Mapping[str, str] | None = None,
    ) -> object:
        return self._read(self._send(method, path, params=params, content=content))

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        try:
            return self._client.request(method, path, params=params, json=content)
        except httpx.TransportError as error:
            raise OpsError(f"{method} {self._client.base_url}{path} failed: {error!r}") from error

    def _read(self, answer: httpx.Response) -> object:
        if not answer.is_success:
            raise OpsError(
                f"{answer.request.method} {answer.url} answered {answer.status_code}:"
                f" {answer.text[:500]}\n"
                f"401, 403 or 404: the job needs `permissions: {self._needs}`, and a pull "
                "request from a fork never has it. 5xx: GitHub; run the job again."
            )
        return answer.json()


def _comment(item: dict[str, object]) -> Comment:
    return Comment(id=cast("int", item["id"]), author=_author(item), body=str(item["body"] or ""))


def _issue(item: dict[str, object]) -> Issue:
    return Issue(
        number=cast("int", item["number"]), author=_author(item), body=str(item["body"] or "")
    )


def _author(item: dict[str, object]) -> str:
    """It is null once the account is deleted, and a body may be null, too."""
    user = cast("dict[str, object]", item["user"] or {})
    return str(user.get("login", ""))


def _url(answer: object) -> str:
    return str(cast("dict[str, object]", answer)["html_url"])
