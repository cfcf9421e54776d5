"""The compose files: valid by the specification, closed as far as they can be, and leading to files that are there."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from truehelo.configuration.read import Configuration, read_configuration

FOLDER = Path(__file__).parents[3] / "deploy/compose"
FILES = sorted(FOLDER.glob("*.yaml"))
EACH = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


def read(path: Path) -> dict[str, Any]:
    """Read a file with its anchors and merges resolved, as compose does before it looks at the keys."""
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def services(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read(path)["services"]
    return found


def ports(service: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the address of the host and the port of the container that each published port joins."""
    found = service.get("ports", ())
    return [
        (each["host_ip"], str(each["target"])) if isinstance(each, dict) else (each.split(":")[0], each.split(":")[2])
        for each in found
    ]


def ours(path: Path) -> dict[str, dict[str, Any]]:
    return {name: each for name, each in services(path).items() if each["image"].startswith("truehelo")}


def configured(path: Path) -> Configuration:
    """Return the configuration that the services of a file are given."""
    sources = {
        mount.partition(":")[0] for each in ours(path).values() for mount in each["volumes"] if mount.startswith("./")
    }
    (source,) = sources
    return read_configuration((FOLDER / source).read_text(encoding="utf-8"), source)


def test_there_is_one_for_sqlite_and_one_for_postgresql() -> None:
    assert [path.name for path in FILES] == ["compose.yaml", "postgres.yaml"]


@EACH
def test_it_is_valid_by_the_compose_specification(path: Path) -> None:
    assert set(PyCompose.from_json(json.dumps(read(path))).services or {}) == set(services(path))


@pytest.mark.parametrize(
    ("key", "value"), [("restrat", "always"), ("healthcheck", {"test": 1}), ("ports", ["x:y:z"]), ("read_only", "perhaps")]
)
def test_the_specification_would_refuse_a_mistake(key: str, value: object) -> None:
    broken = read(FILES[0])
    broken["services"]["watch"][key] = value
    with pytest.raises(ValueError):
        PyCompose.from_json(json.dumps(broken))


@EACH
def test_every_service_is_closed_as_far_as_it_can_be(path: Path) -> None:
    for name, each in services(path).items():
        assert each["read_only"] is True, name
        assert each["cap_drop"] == ["ALL"], name
        assert each["security_opt"] == ["no-new-privileges:true"], name
        assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(each), name


@EACH
def test_nothing_is_reached_from_outside_the_host(path: Path) -> None:
    published = [port for each in services(path).values() for port in ports(each)]
    assert published
    assert all(address == "127.0.0.1" for address, _ in published)


@EACH
def test_no_secret_stands_in_it(path: Path) -> None:
    for each in services(path).values():
        for key, value in each.get("environment", {}).items():
            if re.search("TOKEN|PASSWORD", key) or "://" in value:
                assert re.search(r"\$\{[A-Z_]+:\?write one to \.env", value), key


@EACH
def test_what_it_names_is_there(path: Path) -> None:
    whole = read(path)
    for name, each in services(path).items():
        assert set(each.get("depends_on", ())) <= set(services(path)), name
        assert set(each.get("networks", ())) <= set(whole.get("networks", ())), name
        for mount in each["volumes"]:
            source = mount.partition(":")[0]
            assert (FOLDER / source).is_file() if source.startswith("./") else source in whole["volumes"], name
    for each in ours(path).values():
        context = (FOLDER / each["build"]["context"]).resolve()
        assert (context / each["build"]["dockerfile"]).is_file()


@EACH
def test_the_watch_listens_where_the_port_and_the_health_check_lead(path: Path) -> None:
    metrics = configured(path).service.metrics
    assert metrics is not None
    assert metrics.ip.is_unspecified
    for name, each in ours(path).items():
        assert metrics.token is not None
        assert metrics.token.env in each["environment"], name
        assert all(port == str(metrics.port) for _, port in ports(each)), name
        if "watch" in each["command"]:
            assert each["healthcheck"]["test"] == ["CMD", "python", "-m", "truehelo.service.probe", str(metrics.port)], name


def test_sqlite_lies_in_the_volume() -> None:
    secret = configured(FOLDER / "compose.yaml").watching.store.secret
    watch = services(FOLDER / "compose.yaml")["watch"]
    assert secret is not None
    folders = [mount.split(":")[1] for mount in watch["volumes"] if not mount.startswith("./")]
    assert [str(Path(watch["environment"][secret.env]).parent)] == folders


def test_schedulers_and_workers_share_one_database_that_one_process_upgrades() -> None:
    path = FOLDER / "postgres.yaml"
    secret = configured(path).watching.store.secret
    assert secret is not None
    for name, each in ours(path).items():
        assert each["environment"][secret.env].startswith("postgresql://"), name
    roles = {
        name: each["command"][each["command"].index("--role") + 1] for name, each in ours(path).items() if name != "upgrade"
    }
    assert roles == {"scheduler": "scheduler", "worker": "worker"}
    assert {name: services(path)[name]["deploy"]["replicas"] for name in roles} == {"scheduler": 2, "worker": 4}
    assert services(path)["upgrade"]["command"] == ["db", "upgrade"]
    assert all(
        services(path)[name]["depends_on"]["upgrade"]["condition"].endswith("completed_successfully") for name in roles
    )
    assert read(path)["networks"]["inside"]["internal"] is True
    assert services(path)["db"]["networks"] == ["inside"]
