"""The work of a change of route: written down and read back, done in its order, added again when lost."""

import itertools
from dataclasses import replace

import pytest

from functions.glow.errors import BadRequest, NotAllowed
from functions.glow.routing.policy import Policy
from functions.glow.routing.reminder import Reminder
from functions.glow.routing.routes import SETTLE_MS, EdgeHealth, Routes
from functions.glow.routing.tasks import due_ms_of
from functions.glow.routing.work import LOST_AFTER_MS, STEPS, Work, parse_work
from tests.unit.route_world import START, Tasks, World

NOW_MS = int(START * 1_000)
AWS, EDGE = Policy(), Policy(edge_is_on=True)
CHANGED = Routes(current=AWS).changed(EDGE, now_ms=NOW_MS)
RECOVERING = EdgeHealth(state="recovering", since_ms=NOW_MS)


@pytest.mark.parametrize(
    "work",
    [
        Work(step="tell", due_ms=1, touched_ms=2, cursor='["TOKEN#SOL","a/b="]'),
        Work(step="leave", due_ms=1, touched_ms=2, recovery_ms=3, owes_rooms=True),
    ],
)
def test_work_is_the_same_after_it_was_written_down(work: Work) -> None:
    assert parse_work(work.to_json()) == work


@pytest.mark.parametrize("text", ['{"step":"dance"}', '{"step":"tell","dueMs":"soon"}', "[]", "?"])
def test_work_that_nobody_wrote_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_work(text)


@pytest.mark.parametrize("text", ['{"task":"sweep","dueMs":1}', '{"task":"go_on"}', "[]", "?"])
def test_task_that_nobody_sent_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        due_ms_of(text)


def test_steps_follow_each_other() -> None:
    work = Work(step="serve", due_ms=0, touched_ms=0)
    steps = [work.step]
    for _ in STEPS[1:]:
        assert work.after("cursor", due_ms=1, now_ms=1).step == work.step
        work = work.after(None, due_ms=1, now_ms=1)
        steps.append(work.step)

    assert steps == ["serve", "tell", "leave", "end", "sweep"]
    assert work.swept(now_ms=2) is None
    owing = replace(work, owes_rooms=True).swept(now_ms=2)
    assert owing is not None
    assert owing.step == "leave"


def test_change_makes_work_that_is_due_once_every_publisher_knows() -> None:
    assert CHANGED.work is not None
    assert (CHANGED.work.step, CHANGED.work.due_ms) == ("serve", NOW_MS + SETTLE_MS)
    assert CHANGED.to_do == CHANGED.work


@pytest.mark.parametrize(
    ("routes", "is_work"),
    [
        pytest.param(Routes(current=EDGE), False, id="nothing"),
        pytest.param(replace(CHANGED, work=None), True, id="a-change-of-an-older-release"),
        pytest.param(Routes(current=EDGE, health=RECOVERING), True, id="a-recovery"),
        pytest.param(
            Routes(current=EDGE, health=replace(RECOVERING, until_ms=1)), False, id="one-announced"
        ),
        pytest.param(
            Routes(current=EDGE, health=replace(RECOVERING, state="down")), False, id="edge-is-down"
        ),
    ],
)
def test_work_is_found_where_nobody_wrote_it_down(routes: Routes, is_work: bool) -> None:
    assert (routes.to_do is not None) is is_work


def test_recovery_begins_the_work_anew_once() -> None:
    assert CHANGED.work is not None
    half_done = replace(CHANGED, work=replace(CHANGED.work, step="leave"), health=RECOVERING)

    anew = half_done.to_do
    assert anew is not None
    assert (anew.step, anew.recovery_ms) == ("serve", NOW_MS)

    going_on = replace(half_done, work=replace(anew, step="tell"))
    assert going_on.to_do == going_on.work


def test_lost_task_is_added_again_after_a_while_and_then_once_in_a_while() -> None:
    tasks, clock = Tasks(), itertools.count(START, 60)
    reminder = Reminder(tasks, clock=lambda: float(next(clock)))

    for _ in range(1 + 45):  # minutes
        reminder.remind(CHANGED)

    first_ms = NOW_MS + SETTLE_MS + LOST_AFTER_MS
    assert [due_ms - first_ms < 60_000 for due_ms in tasks.due_ms] == [True, False]
    assert len(tasks.due_ms) == 2


def test_nobody_is_reminded_of_work_that_goes_on_or_is_done() -> None:
    tasks = Tasks()
    late = START + SETTLE_MS / 1_000 + LOST_AFTER_MS / 1_000
    assert CHANGED.work is not None
    going_on = replace(CHANGED.work, step="sweep", touched_ms=int(late * 1_000))

    for routes in (Routes(current=EDGE), replace(CHANGED, work=going_on)):
        Reminder(tasks, clock=lambda: late).remind(routes)

    assert tasks.due_ms == []


def a_world() -> World:
    return World(["SOL"], tokens_per_page=2, subscriptions_per_page=2, policy=AWS)


class NotYet(Tasks):
    """A queue whose right to send holds only after some tries."""

    def __init__(self, refusals: int) -> None:
        super().__init__()
        self.refusals = refusals

    def add(self, due_ms: int, *, name: str) -> None:
        self.refusals -= 1
        if self.refusals >= 0:
            raise NotAllowed("the route queue may not be used by this function")
        super().add(due_ms, name=name)


def test_queue_that_does_not_answer_fails_nobody() -> None:
    Reminder(NotYet(refusals=1), clock=lambda: START * 2).remind(CHANGED)


async def test_up_waits_until_the_rights_of_the_mover_hold() -> None:
    world = a_world()
    tasks = NotYet(refusals=25)

    result = await replace(world.mover, tasks=tasks).apply(EDGE)

    assert result == {"routing": "continued"}  # it was written by the first try
    assert len(tasks.due_ms) == 1


async def test_rights_that_are_missing_fail_the_up_after_half_a_minute() -> None:
    world = a_world()

    with pytest.raises(NotAllowed):
        await replace(world.mover, tasks=NotYet(refusals=1_000)).apply(EDGE)

    assert 30 <= world.now - START < 40


async def test_up_that_meets_others_at_the_item_comes_after_them() -> None:
    """A worker replaces it after each page."""
    world = a_world()
    real_read, reads = world.item.read, 0

    def read_and_be_overtaken() -> Routes | None:
        nonlocal reads
        reads += 1
        routes = real_read()
        if reads < 5:
            world.item.replace(routes, world.item.now())
        return routes

    world.item.read = read_and_be_overtaken

    assert await world.mover.apply(EDGE) == {"routing": "changed"}
    assert world.item.now().current == EDGE
