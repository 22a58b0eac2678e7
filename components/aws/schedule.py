"""What calls a function every so many minutes: a schedule of EventBridge Scheduler, with a role of its own."""

import json

import pulumi
import pulumi_aws as aws

from components.aws.lambda_function import LambdaFunction


def call_every(
    function: LambdaFunction, *, schedule_name: str, minutes: int, is_on: bool
) -> aws.scheduler.Schedule:
    """Call `function` at least once in so many minutes. A call that AWS could not make is not made up for: the
    next one is as good. `schedule_name` is what AWS knows the schedule and its role by."""
    name = f"{function.resource_name}-schedule"
    child = pulumi.ResourceOptions(parent=function)
    role = aws.iam.Role(
        f"{name}-role",
        name=schedule_name,
        assume_role_policy=function.arn.apply(trust_of),
        opts=child,
    )
    policy = aws.iam.RolePolicy(
        f"{name}-invoke",
        name="invoke",
        role=role.name,
        policy=pulumi.Output.json_dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": ["lambda:InvokeFunction"],
                        "Resource": [function.arn],
                    }
                ],
            }
        ),
        opts=child,
    )
    return aws.scheduler.Schedule(
        name,
        name=schedule_name,
        schedule_expression="rate(1 minute)" if minutes == 1 else f"rate({minutes} minutes)",
        flexible_time_window=aws.scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
        state="ENABLED" if is_on else "DISABLED",
        target=aws.scheduler.ScheduleTargetArgs(
            arn=function.arn,
            role_arn=role.arn,
            retry_policy=aws.scheduler.ScheduleTargetRetryPolicyArgs(
                maximum_event_age_in_seconds=60, maximum_retry_attempts=0
            ),
        ),
        opts=pulumi.ResourceOptions(parent=function, depends_on=[policy]),
    )


def trust_of(function_arn: str) -> str:
    """Who may take the role: the scheduler, on behalf of this account alone (EventBridge Scheduler user
    guide, "Confused deputy prevention")."""
    account = "".join(function_arn.split(":")[4:5])
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": "scheduler.amazonaws.com"},
                    "Condition": {"StringEquals": {"aws:SourceAccount": account}},
                }
            ],
        }
    )
