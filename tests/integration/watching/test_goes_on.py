"""A running `truehelo watch` goes on: killed, without a disk, a channel or a clock, it loses nothing and doubles nothing.

Each story has a watch and an address of its own.
"""

import contextlib
import json
import random
import signal
import socket
import subprocess
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from integration.servers.fetch import fetch
from integration.watching.told import KEY, Pings, Post, post
from integration.watching.town import Town, settings, subject
from integration.watching.watcher import PATIENCE, Watcher, ask, until
from support.freeport import free_port

pytestmark = pytest.mark.integration

REVERSE = "2.0.192.in-addr.arpa"
IN_A_HURRY = 'rechecks = ["5s", "10s", "20s"]\ngroup = "1s"\n'


@contextmanager
def watching(
    town: Town, host: int, channels: str | None = None, more: str = "", **parts: object
) -> Iterator[tuple[Watcher, Post]]:
    """A watch of 192.0.2.`host`, which has been looked at, and those whom it tells."""
    folder = town.work / f"r{host}"
    folder.mkdir(exist_ok=True)
    watcher = Watcher(folder, **parts)  # type: ignore[arg-type]
    with post() as told:
        watcher.configure(settings(town.net, IN_A_HURRY) + more + (told.channels if channels is None else channels))
        watcher.import_(subject(f"192.0.2.{host}", f"r{host}.business.example"))
        try:
            watcher.start()
            until("it is looked at", lambda: watcher.state(f"192.0.2.{host}") == "ok", 90)
            yield watcher, told
        finally:
            watcher.end()


def break_(town: Town, host: int) -> None:
    town.net.zones.change_all(REVERSE, {str(host): None})


def mend(town: Town, host: int) -> None:
    town.net.zones.change_all(REVERSE, {str(host): f"PTR r{host}.business.example."})


def kills(town: Town) -> None:
    """Killed as the incident is opened, while the webhook is being told, and at random: one incident, one key for each."""
    chance = random.Random(7)  # noqa: S311
    with watching(town, 101) as (watcher, told):
        told.hook.delay_s = 1.0
        break_(town, 101)
        until("the incident is opened", lambda: "incident 1 opened" in watcher.said(), 60, 0.01)
        watcher.kill()
        watcher.start()
        until("the webhook is being told", lambda: told.hook.asked, 60, 0.01)
        watcher.kill()
        watcher.start()
        until("the webhook has been told", lambda: told.hook.kinds() and told.mails(), 60)
        mend(town, 101)
        for _ in range(2):
            time.sleep(chance.uniform(1, 8))
            watcher.kill()
            watcher.start()
        until("the end is told", lambda: "recovered" in told.hook.kinds(), 60)
        until("the end is mailed", lambda: len({mail["Message-ID"] for mail in told.mails()}) == 2, 30)
        assert watcher.stop() == 0
        keys = defaultdict(set)
        for _, key, body in told.hook.taken:
            keys[body["incident"], body["kind"]].add((key, json.dumps(body, sort_keys=True)))
        assert {about: len(each) for about, each in keys.items()} == {(1, "opened"): 1, (1, "recovered"): 1}
        assert len({mail["Message-ID"] for mail in told.mails()}) == 2
        assert len(json.loads(watcher.cli("incidents", "--all", "--json", code=0))["incidents"]) == 1
        flips = Counter((each["what"], each["new"]) for each in watcher.history("192.0.2.101")["changes"])
        assert set(flips.values()) == {1}, "no change is kept twice"


def full_disk(town: Town) -> None:
    """The disk of the database fills up as something breaks: that is told by the health, the log and the missing ping."""
    port, folder = free_port(), town.work / "r102"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=True)
    try:
        with Pings().serving() as pings:
            more = f'[metrics]\nlisten = "127.0.0.1:{port}"\n[ping]\nurl = "{pings.url}"\ninterval = "5s"\n'
            with watching(town, 102, more=more) as (watcher, told):
                _fill_and_empty(town, watcher, told, pings, port)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill_and_empty(town: Town, watcher: Watcher, told: Post, pings: Pings, port: int) -> None:
    until("it is ready", lambda: ask(port, "/readyz")[0] == 200, 30)
    until("it pings", lambda: len(pings.came["/ping"]) > 1, 30)
    filler = watcher.folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):  # until there is no space left
            pass
    break_(town, 102)
    until("it says so", lambda: ask(port, "/readyz")[0] == 503, 60)
    count = len(pings.came["/ping"])
    end = time.monotonic() + 15
    while time.monotonic() < end:
        time.sleep(0.5)
        status, body = ask(port, "/readyz")
        assert status == 503
        assert "the disk is full" in body
        assert ask(port, "/healthz")[0] == 200, "it lives all the same"
    assert len(pings.came["/ping"]) <= count + 1
    families = text_string_to_metric_families(ask(port, "/metrics")[1])
    assert ("store", "error") in {
        (each.labels["part"], each.labels["severity"])
        for family in families
        if family.name == "truehelo_problems"
        for each in family.samples
    }
    filler.unlink()
    until("it is told once there is space", lambda: told.hook.kinds() == ["opened"] and told.mails(), 60)
    until("it is ready again", lambda: ask(port, "/readyz")[0] == 200, 30)
    until("it pings again", lambda: len(pings.came["/ping"]) > count + 1, 30)
    said = watcher.said()
    assert said.count("the database cannot be used, and is tried again") == 1
    assert said.count("the database can be used again") == 1
    mend(town, 102)
    until("the end is told", lambda: told.hook.kinds() == ["opened", "recovered"], 60)
    assert watcher.stop() == 0
    assert watcher.cli("db", "check", code=0)


def deaf_hook(town: Town) -> None:
    """The webhook's other side is down for a while: it is told later, with the same id; the mail is not held up."""
    with watching(town, 103) as (watcher, told):
        told.hook.status = 503
        break_(town, 103)
        until("the mail", told.mails, 60)
        until("a second try", lambda: len(told.hook.refused) > 1, 60)
        told.hook.status = 204
        until("it is delivered", lambda: told.hook.taken, 60)
        ids = {key for key, _ in told.hook.refused} | {key for _, key, _ in told.hook.taken}
        assert len(ids) == 1
        assert len({json.dumps(body, sort_keys=True) for _, body in told.hook.refused}) == 1
        assert "the channel hook did not take a message (opened): " in watcher.said()
        mend(town, 103)
        until("the end is told", lambda: told.hook.kinds() == ["opened", "recovered"], 60)
        assert watcher.stop() == 0


def stuck_hook(town: Town) -> None:
    """A channel that takes the connection and says nothing holds up neither the others nor the stop."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        stuck = f"""
[[channel]]
name = "stuck"
kind = "webhook"
url = "http://127.0.0.1:{silent.getsockname()[1]}/"
secret_env = "HOOK_KEY"
timeout = "10m"
"""
        with watching(town, 104, more=stuck) as (watcher, told):
            break_(town, 104)
            until("the others are told", lambda: told.hook.kinds() and told.mails(), 60)
            mend(town, 104)
            until("the others are told of the end", lambda: len(told.hook.kinds()) == len(told.mails()) == 2, 60)
            assert watcher.rows("SELECT DISTINCT delivered FROM outbox WHERE channel = 'stuck'") == [(None,)]
            noted = "SELECT 1 FROM outbox WHERE channel != 'stuck' AND delivered IS NOT NULL"
            until("it is noted that the others were", lambda: len(watcher.rows(noted)) == 4, 10)
            assert "stuck did not take a message" not in watcher.said(), "it still waits for the first"
            assert watcher.stop() == 0
            assert "not finished in 25 s: stopping without what is in flight" in watcher.said()


def clock(town: Town) -> None:
    """The machine's clock is set back by two hours, and forward again: what changes is told as soon as ever."""
    library = next(fetch("faketime", ["libfaketime"]).rglob("libfaketimeMT.so.1"))
    folder = town.work / "r105"
    folder.mkdir()
    machine = folder / "clock"
    machine.write_text("+0\n")
    fake = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(machine),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    # The webhook's other side would refuse the signatures of another time.
    way = ["sh", "-c", f"cat >>{folder}/told; echo >>{folder}/told"]
    channel = f'[[channel]]\nname = "note"\nkind = "command"\nargv = {json.dumps(way)}\n'
    with watching(town, 105, channel, environment=fake) as (watcher, _):
        machine.write_text("-7200\n")
        until("it sees that the clock was set back", lambda: "clock of this machine was set by -7200" in watcher.said(), 40)
        break_(town, 105)
        until("it is told", lambda: kinds_in(folder / "told") == ["opened"], 60)
        machine.write_text("+0\n")
        until(
            "it sees that the clock was set forward", lambda: "clock of this machine was set by +7200" in watcher.said(), 40
        )
        mend(town, 105)
        until("the end is told", lambda: kinds_in(folder / "told") == ["opened", "recovered"], 60)
        assert watcher.stop() == 0


def kinds_in(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line)["notice"]["kind"] for line in lines if line]


def service_manager(town: Town) -> None:
    """What systemd hears: that it is ready, that it lives, how it goes, and that it stops."""
    place = town.work / "notify"
    heard: list[str] = []
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(str(place))
        manager.settimeout(60 * PATIENCE)

        def listen() -> None:
            while not heard or "STOPPING=1" not in heard[-1]:
                heard.append(manager.recv(65536).decode())

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        environment = {"NOTIFY_SOCKET": str(place), "WATCHDOG_USEC": "2000000"}
        with watching(town, 106, "", environment=environment) as (watcher, _):
            until("five signs of life", lambda: heard.count("WATCHDOG=1") >= 5, 60)
            assert watcher.stop() == 0
            thread.join(10)
    assert heard[0].startswith("READY=1\nSTATUS=")
    assert any(each.startswith("STATUS=1 subjects, 0 undetermined, 0 incidents open") for each in heard)
    assert heard[-1] == "STOPPING=1\nSTATUS=finishing what is in flight"


def stop_in_the_middle(town: Town) -> None:
    """A stop while a look waits for a silent resolver: it is given its time, and a second signal ends it at once."""
    with closing(socket.socket(type=socket.SOCK_DGRAM)) as silent:
        silent.bind(("127.0.0.1", 0))
        for host, timeout, signals in ((107, "1s", 1), (108, "60s", 2)):
            folder = town.work / f"r{host}"
            folder.mkdir()
            watcher = Watcher(folder)
            resolver = f'resolvers = ["127.0.0.1:{silent.getsockname()[1]}"]\n'
            watcher.configure(f'[watch]\ninterval = "10s"\ntimeout = "{timeout}"\nretries = 1\n{resolver}')
            watcher.import_(subject(f"192.0.2.{host}", f"r{host}.business.example"))
            watcher.start()
            try:
                until("a look is under way", lambda w=watcher: w.rows("SELECT 1 FROM schedule WHERE claimed_by != ''"), 60)
                for _ in range(signals):
                    watcher.signal(signal.SIGTERM)
                    time.sleep(0.5)
                assert watcher.ended() == 0
                assert ("stopping at once" in watcher.said()) is (signals == 2)
                assert "stopping without what is in flight" not in watcher.said()
                assert watcher.rows("SELECT 1 FROM schedule WHERE claimed_by != ''") == [], "nobody need wait for its lease"
                assert watcher.said().rstrip().endswith("stopped")
            finally:
                watcher.end()


STORIES = (kills, full_disk, clock, deaf_hook, stuck_hook, stop_in_the_middle, service_manager)


@pytest.mark.parametrize("story", STORIES, ids=[story.__name__ for story in STORIES])
def test_it_goes_on(
    story: Callable[[Town], None], began: dict[str, "Future[None]"], request: pytest.FixtureRequest
) -> None:
    began[request.node.nodeid].result()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[watch]\nintervall = '5m'\n", "truehelo.toml: [watch] has an unknown key 'intervall'; did you mean 'interval'?"),
        ("[watch\n", "is no TOML"),
        ('[watch]\nresolvers = ["nonsense"]\n', "nonsense: is not the address of a resolver"),
        ('[watch]\nconnect_to = ["x"]\n', "IP:PORT:IP:PORT"),
        ('[[channel]]\nname = "hook"\nkind = "webhook"\nurl = "https://hook.example/"\nsecret_env = "NONE"\n', "NONE"),
        ('[blocklists]\nlists = ["no-such-list"]\n', "no-such-list"),
        ('[store]\ndatabase = "mysql://x/y"\n', "is of a kind that is not supported"),
    ],
    ids=["key", "toml", "resolver", "route", "secret", "list", "store"],
)
def test_a_configuration_that_cannot_be_used_is_one_sentence_and_exit_code_2(tmp_path: Path, text: str, said: str) -> None:
    watcher = Watcher(tmp_path)
    watcher.configure(text)
    words = ["-d", str(watcher.database)] if "[store]" not in text else []
    done = watcher.run("watch", "-c", str(watcher.config), *words)
    assert done.returncode == 2, done.stderr
    complaint = done.stderr.rstrip().splitlines()[-1]
    assert said in complaint
    assert complaint.startswith("truehelo: ")
    assert "Traceback" not in done.stderr
    assert KEY not in done.stderr
