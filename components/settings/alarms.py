"""The part of config under `alarms`: when somebody is told."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from components.settings.values import RunbookUrl, listed
from functions.glow.paths import Path

P99_FACTOR: Final = 2
"""99 % may take so many times as long as half may: 200 ms at the edge, as the old guide has it."""


class AlarmSettings(BaseModel):
    """The alarms that have to be set. A field's first example is how its key is set."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    no_trade_minutes: int = Field(
        default=0,
        ge=0,
        le=1_440,  # CloudWatch looks back one day at most
        examples=["--path alarms.noTradeMinutes 10"],
        description="Ring when no trade was stored for so many minutes; 0: never. It depends on how busy"
        " the tokens are.",
    )
    hole_check_minutes: int = Field(
        default=5,
        ge=0,
        le=60,
        examples=["--path alarms.holeCheckMinutes 5"],
        description="How often the node of `RpcUrl` is asked for the newest transactions of `helius.addresses`"
        " or `tokens`, ten of them a run, at most 50 requests; a trade there that is not stored rings. 0:"
        " never.",
    )
    runbook_url: RunbookUrl = Field(
        default="docs/runbook.md",
        examples=[
            "--plaintext --path alarms.runbookUrl https://git.example.com/glow/docs/runbook.md"
        ],
        description="Where docs/runbook.md is read: an alarm's mail ends with this and the section. An https URL"
        " is a link there; the default is a path in the repository, which no mail program opens.",
    )
    edge_latency_ms: int = Field(
        default=100,
        ge=1,
        le=60_000,
        examples=["--path alarms.edgeLatencyMs 100"],
        description="At the edge, half of the trades must be heard within so many milliseconds, and 99 % within"
        " twice as many: `ops verify` measures that. Ring when one post in a hundred takes longer than twice as"
        " many.",
    )
    aws_latency_ms: int = Field(
        default=500,
        ge=1,
        le=60_000,
        examples=["--path alarms.awsLatencyMs 500"],
        description="On AWS, half of the trades must be heard within so many milliseconds, and 99 % within twice"
        " as many: `ops verify` measures that. Ring when one update in a hundred takes longer than twice as many"
        " from the webhook to its last client.",
    )
    monthly_budget_usd: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        examples=["--path alarms.monthlyBudgetUsd 200"],
        description="A budget of the whole AWS account: `alarmEmail` hears when the month has cost 50, 80 and 100 %"
        " of so many US dollars, and when AWS foresees more. Empty: there is none.",
    )

    @property
    def latency_ms(self) -> Mapping[Path, int]:
        """What half of the trades of a path may take."""
        return {"aws": self.aws_latency_ms, "edge": self.edge_latency_ms}


Alarms = Annotated[AlarmSettings, BeforeValidator(listed("a map of settings", dict))]
