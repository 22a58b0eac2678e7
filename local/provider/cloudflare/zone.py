"""What leads requests to a Worker: custom domains, routes, DNS records."""

from typing import ClassVar

from pulumi_cloudflare import DnsRecordArgs, WorkersCustomDomainArgs, WorkersRouteArgs

from local.provider.cloudflare.base import CloudflareResource
from local.provider.resource import OWN, Inputs, State
from local.provider.values import Properties, text


class CustomDomain(CloudflareResource):
    """cloudflare.WorkersCustomDomain."""

    args = WorkersCustomDomainArgs
    inputs: ClassVar[Inputs] = {
        "accountId": OWN,
        "hostname": "hostname",
        "service": "service",
        "zoneId": "zone_id",
    }
    replaced_by = frozenset(inputs)
    outputs = frozenset({"certId", "zoneId", "zoneName"})

    def create(self, inputs: Properties) -> str:
        return self.api.create(_domains(inputs), self.request(inputs), method="PUT")

    def read(self, state: State) -> Properties:
        domain = self.api.call("GET", f"{_domains(state.properties)}/{state.id}")
        return {
            **self.response(domain),
            "certId": domain["cert_id"],
            "zoneId": domain["zone_id"],
            "zoneName": domain["zone_name"],
        }

    def delete(self, state: State) -> None:
        self.api.call("DELETE", f"{_domains(state.properties)}/{state.id}")


class Route(CloudflareResource):
    """cloudflare.WorkersRoute."""

    args = WorkersRouteArgs
    inputs: ClassVar[Inputs] = {"pattern": "pattern", "script": "script", "zoneId": OWN}
    replaced_by = frozenset({"zoneId"})
    defaults: ClassVar[Properties] = {"script": None}
    outputs = frozenset[str]()

    def create(self, inputs: Properties) -> str:
        return self.api.create(_routes(inputs), self.request(inputs))

    def read(self, state: State) -> Properties:
        return self.response(self.api.call("GET", f"{_routes(state.properties)}/{state.id}"))

    def update(self, state: State, news: Properties) -> None:
        self.api.call("PUT", f"{_routes(news)}/{state.id}", self.request(news))

    def delete(self, state: State) -> None:
        self.api.call("DELETE", f"{_routes(state.properties)}/{state.id}")


class DnsRecord(CloudflareResource):
    """cloudflare.DnsRecord."""

    args = DnsRecordArgs
    inputs: ClassVar[Inputs] = {
        "comment": "comment",
        "content": "content",
        "name": "name",
        "proxied": "proxied",
        "tags": "tags",
        "ttl": "ttl",
        "type": "type",
        "zoneId": OWN,
    }
    replaced_by = frozenset({"zoneId"})
    defaults: ClassVar[Properties] = {"comment": None, "proxied": False, "tags": []}
    outputs = frozenset({"createdOn", "proxiable"})

    def create(self, inputs: Properties) -> str:
        return self.api.create(_records(inputs), self.request(inputs))

    def read(self, state: State) -> Properties:
        record = self.api.call("GET", f"{_records(state.properties)}/{state.id}")
        return {
            **self.response(record),
            "createdOn": record["created_on"],
            "proxiable": record["proxiable"],
        }

    def update(self, state: State, news: Properties) -> None:
        self.api.call("PUT", f"{_records(news)}/{state.id}", self.request(news))

    def delete(self, state: State) -> None:
        self.api.call("DELETE", f"{_records(state.properties)}/{state.id}")


def _domains(properties: Properties) -> str:
    return f"accounts/{text(properties, 'accountId')}/workers/domains"


def _routes(properties: Properties) -> str:
    return f"zones/{text(properties, 'zoneId')}/workers/routes"


def _records(properties: Properties) -> str:
    return f"zones/{text(properties, 'zoneId')}/dns_records"
