"""The outputs of the last `up` can be read even while the engine is still writing them."""

from dataclasses import dataclass, field

import pytest

from components.routing.last_outputs import last_output


@dataclass(frozen=True)
class Answer:
    """As the SDK hands it over."""

    value: object


@dataclass
class Engine:
    """Answers the function of the engine that reads a stack's outputs."""

    outputs: dict[str, object] = field(default_factory=dict[str, object])
    faults: list[str] = field(default_factory=list[str])

    def invoke(self, function: str, arguments: dict[str, str]) -> object:
        assert function == "pulumi:pulumi:readStackOutputs"
        assert arguments["name"].count("/") == 2
        if self.faults:
            raise Exception(self.faults.pop())  # noqa: TRY002 - as the SDK does
        return Answer({"outputs": self.outputs})


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    monkeypatch.setattr("pulumi.runtime.invoke", engine.invoke)
    return engine


def test_output_is_read_again_while_the_checkpoint_is_half_written(engine: Engine) -> None:
    engine.outputs["Routing"] = "the policy"
    engine.faults = ["invoke failed: failed to load checkpoint: EOF"] * 2

    assert last_output("Routing") == "the policy"


def test_stack_without_that_output_has_none(engine: Engine) -> None:
    assert last_output("Routing") is None


def test_another_fault_ends_the_program(engine: Engine) -> None:
    engine.faults = ["no such stack"]

    with pytest.raises(Exception, match="no such stack"):
        last_output("Routing")
