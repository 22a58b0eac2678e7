"""The step that comments, run against a stand-in for GitHub."""

from pathlib import Path

from ops.github import WORKFLOW_LOGIN
from ops.report import write_report
from ops.sections import COMMENT_CHARACTERS, MARKER
from tests.workflows.github_server import TOKEN, Conversation
from tests.workflows.jobs import post_comment as post


def test_both_stacks_and_every_push_share_one_comment(
    conversation: Conversation, tmp_path: Path
) -> None:
    posted = [
        post(conversation, tmp_path, "### dev: first\n"),
        post(conversation, tmp_path, "### prod: first\n", stack="prod"),
        post(conversation, tmp_path, "### dev: second\n"),
    ]

    assert [done.returncode for done in posted] == [0, 0, 0], posted
    [body] = conversation.bodies
    assert "### dev: second\n" in body
    assert "### prod: first\n" in body
    assert "### dev: first\n" not in body
    assert {done.stdout.strip() for done in posted} == {conversation.comments[0]["html_url"]}


def test_comment_is_found_behind_a_long_conversation(
    conversation: Conversation, tmp_path: Path
) -> None:
    for number in range(100):
        conversation.add(f"remark {number}", author="ada")
    conversation.add(MARKER, author=WORKFLOW_LOGIN)

    post(conversation, tmp_path, "### dev: found\n")

    assert len(conversation.bodies) == 101
    assert "### dev: found\n" in conversation.bodies[-1]


def test_comment_of_another_author_is_left_alone(
    conversation: Conversation, tmp_path: Path
) -> None:
    conversation.add(f"{MARKER}\nnot yours", author="mallory")
    conversation.add(f"{MARKER}\nof a deleted account", author=None)

    post(conversation, tmp_path, "### dev: mine\n")

    assert conversation.bodies[:2] == [f"{MARKER}\nnot yours", f"{MARKER}\nof a deleted account"]
    assert "### dev: mine\n" in conversation.bodies[2]


def test_two_huge_previews_fit_into_one_comment(conversation: Conversation, tmp_path: Path) -> None:
    huge = "\n".join(f"    + resource {number}" for number in range(20_000))
    for stack in ("dev", "prod"):
        done = post(conversation, tmp_path, write_report(stack, huge, 0), stack=stack)
        assert done.returncode == 0, done.stderr

    assert len(conversation.bodies[0]) <= COMMENT_CHARACTERS


def test_refusal_names_status_and_remedy_and_never_the_token(
    conversation: Conversation, tmp_path: Path
) -> None:
    conversation.refuses = True

    done = post(conversation, tmp_path, "### dev: refused\n")

    assert done.returncode == 1
    assert "answered 403" in done.stderr
    assert "pull-requests: write" in done.stderr
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.stdout + done.stderr
