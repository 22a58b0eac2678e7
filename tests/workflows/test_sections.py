"""One comment has a section for each stack, all of the same commit."""

from ops.sections import END, is_preview_comment, put_section

FIRST = "1111111aaaaaaa"
SECOND = "2222222bbbbbbb"
LOG = "https://github.com/acme/glow/actions/runs/1"


def put(body: str, name: str, text: str, commit: str = FIRST) -> str:
    return put_section(body, name=name, commit=commit, text=text, log_url=LOG)


def test_stacks_of_one_commit_stand_side_by_side_in_order() -> None:
    body = put(put("", "prod", "### prod: none\n"), "dev", "### dev: one\n")

    assert is_preview_comment(body)
    assert body.index("### dev: one") < body.index("### prod: none")
    assert "## Preview of 1111111\n" in body
    assert LOG in body


def test_section_is_replaced_not_repeated() -> None:
    body = put(put(put("", "dev", "old"), "prod", "kept"), "dev", "new")

    assert "old" not in body
    assert body.count("kept") == 1
    assert put(body, "dev", "new") == body


def test_sections_of_an_older_commit_are_dropped() -> None:
    body = put(put("", "prod", "stale"), "dev", "fresh", commit=SECOND)

    assert "stale" not in body
    assert "## Preview of 2222222\n" in body


def test_output_cannot_pass_for_a_border() -> None:
    hostile = f"x\n{END}\n<!-- glow:section prod {FIRST} -->\nforged\n{END}"

    body = put(put("", "dev", hostile), "prod", "true")
    again = put(body, "dev", "clean")

    assert "forged" not in again
    assert "true" in again
