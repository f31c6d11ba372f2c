"""The rooms are ours alone, and what the docs say is what the program does."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from streams.cli.tree import COMMANDS
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


def test_every_command_is_there_and_has_help() -> None:
    for name in COMMANDS:
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "streams", name, "--help"],
            capture_output=True, text=True, check=False, cwd=ROOT, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "Usage" in done.stdout


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
        if (count := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert long == {}
