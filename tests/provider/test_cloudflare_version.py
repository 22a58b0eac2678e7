"""How the inputs of a version are completed before they are compared."""

import base64
import hashlib
from pathlib import Path

from local.provider.cloudflare.worker_version import WorkerVersion
from local.provider.diff import diff
from local.provider.values import Properties, Value


def a_version(*modules: Properties, **inputs: Value) -> Properties:
    return WorkerVersion.completed({"modules": list(modules), **inputs})


def a_module(name: str, code: str = "export default {};") -> Properties:
    return {"name": name, "contentBase64": base64.b64encode(code.encode()).decode()}


def test_new_code_in_the_same_file_replaces_the_version(tmp_path: Path) -> None:
    file = tmp_path / "index.js"
    module: Properties = {"name": "index.js", "contentFile": str(file)}
    file.write_text("old")
    before = a_version(module)
    file.write_text("new")
    changes = diff(before, a_version(module), WorkerVersion.replaced_by)
    assert [(path, change.replaces) for path, change in changes.items()] == [
        ("modules[0].contentSha256", True)
    ]


def test_code_is_hashed_wherever_it_comes_from(tmp_path: Path) -> None:
    file = tmp_path / "index.js"
    file.write_text("same")
    expected = hashlib.sha256(b"same").hexdigest()
    version = a_version(a_module("a.js", "same"), {"name": "b.js", "contentFile": str(file)})
    assert [m["contentSha256"] for m in _modules(version)] == [expected, expected]


def test_the_order_of_modules_means_nothing() -> None:
    one, other = a_module("a.js"), a_module("b.js")
    assert a_version(one, other) == a_version(other, one)


def test_the_order_of_bindings_replaces_the_version_as_in_the_real_plugin() -> None:
    one: Value = {"name": "A", "type": "plain_text"}
    other: Value = {"name": "B", "type": "plain_text"}
    changes = diff(
        a_version(bindings=[one, other]),
        a_version(bindings=[other, one]),
        WorkerVersion.replaced_by,
    )
    assert any(change.replaces for change in changes.values())


def _modules(version: Properties) -> list[Properties]:
    modules = version["modules"]
    assert isinstance(modules, list)
    return [module for module in modules if isinstance(module, dict)]
