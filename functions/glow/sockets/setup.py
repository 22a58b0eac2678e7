"""Makes the poster of a function that posts, and the guard that it leases from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from functions.glow.runtime import aws
from functions.glow.sockets.budget import LEASE_POSTS
from functions.glow.sockets.leases import LeaseTable
from functions.glow.sockets.post import ConnectionPoster
from functions.glow.sockets.rate_guard import RateGuard
from functions.glow.sockets.settings import PostSettings

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def connection_poster(
    dynamodb: DynamoDBClient, settings: PostSettings, *, posts_per_lease: int = LEASE_POSTS
) -> ConnectionPoster:
    quota = replace(settings.quota, posts_per_lease=posts_per_lease)
    guard = RateGuard(LeaseTable(dynamodb, settings.connections_table), quota)
    return ConnectionPoster(
        settings.callback_url, aws.credentials(), region=settings.region, rate=guard
    )
