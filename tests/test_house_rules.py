"""The rooms are ours alone, and what the docs say is what the program does."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from streams.cli.tree import COMMANDS, app
from streams.docs import FOLDER, PAGES

ROOT = Path(__file__).parents[1]
ROOMS = ["streams", "schemas", "processors", "connectors"]


@pytest.mark.parametrize("room", ROOMS)
def test_no_other_distribution_ships_a_room_of_ours(room: str) -> None:
    # An editable install records no packages, so an empty set is ours too.
    assert set(packages_distributions().get(room, ())) <= {"dealwire"}


@pytest.mark.parametrize("page", PAGES)
def test_generated_pages_are_what_the_code_says(page: str) -> None:
    assert (FOLDER / page).read_text("utf-8") == PAGES[page](), "write them anew: make docs"


def _paths(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Give the words that lead to each command, the program's own name left out."""
    yield path
    context = click.Context(command)
    for name in command.list_commands(context) if hasattr(command, "list_commands") else ():
        below = command.get_command(context, name)
        assert below is not None, f"{path} promises {name}"
        yield from _paths(below, (*path, name))


def test_every_command_is_there_and_has_help() -> None:
    paths = list(_paths(app))
    assert {(name,) for name in COMMANDS} < set(paths)
    for path in paths:
        told = CliRunner().invoke(app, [*path, "--help"])
        # Typer carries a click of its own, whose way to end is not click's.
        assert getattr(told.exception, "exit_code", told.exit_code) == 0, (path, told.output)
        assert " ".join(("Usage: dealwire", *path)) in " ".join(told.output.split()), path


def test_the_program_says_how_it_is_used() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "streams", "--help"],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_help_loads_nothing_that_it_does_not_need() -> None:
    heavy = {"sqlalchemy", "faust", "cel", "fastapi"}
    script = (
        "import sys; from click.testing import CliRunner; from streams.cli.tree import app\n"
        "for name in ('runs', 'tasks', 'workflows', 'accounts', 'queues', 'apply'):\n"
        "    CliRunner().invoke(app, [name, '--help'])\n"
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_links_in_the_docs_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_no_source_file_needs_scrolling_for_its_subject() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if "pubsub_api_pb2" not in path.name  # generated
        and (count := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert long == {}
