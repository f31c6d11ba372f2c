"""The API does what its document says: of whatever may be asked and of what may not, and to strangers."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import positive_data_acceptance
from schemathesis.config import (
    AnalysisConfig,
    ConstantsConfig,
    CoveragePhaseConfig,
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from schemas.access import Role
from streams.api.app import make_app
from streams.api.live import Audience, Listener, Wanted
from streams.api.roles import OPEN
from tests.fixtures.api import TOKENS, a_history, some_services

DOCUMENT = Path(__file__).parents[2] / "docs/contracts/api.json"
# Plain addresses: of the odd ones that the format allows, not all have a mailbox behind them.
schemathesis.openapi.format("email", st.from_regex(r"[a-z]{1,9}@(x|mail)\.example", fullmatch=True))


class Farewell(Audience):
    """Hears at once that the API stops: a stream that ends."""

    @contextmanager
    def listening(self, wanted: Wanted) -> Iterator[Listener]:
        with super().listening(wanted) as listener:
            listener.end("the API stops")
            yield listener


APP = make_app(some_services(asyncio.run(a_history()), audience=Farewell()))


def api(*, examples: int, boundaries: bool) -> OpenApiSchema:
    """Give what the document allows, and forbids, of our app: the same requests each time."""
    project = ProjectConfig(
        generation=GenerationConfig(max_examples=examples, deterministic=True, no_shrink=True),
        analysis=AnalysisConfig(constants=ConstantsConfig(enabled=False)),
        phases=PhasesConfig(coverage=CoveragePhaseConfig(enabled=boundaries)),
    )
    config = SchemathesisConfig(seed=1, projects=ProjectsConfig(default=project))
    schema = schemathesis.openapi.from_dict(json.loads(DOCUMENT.read_text()), config=config)
    schema.app = APP
    return schema


ANYBODY, STRANGERS = api(examples=10, boundaries=True), api(examples=5, boundaries=False)


@ANYBODY.parametrize()
def test_what_is_answered_is_what_the_document_says(case: Case[Any]) -> None:
    named = {"Authorization": f"Bearer {TOKENS[Role.ADMIN]}"}
    answer = case.call_and_validate(headers=named, excluded_checks=[positive_data_acceptance])
    # What the document allows may still mean nothing (a place in no list), but it is never unreadable.
    if case.meta is not None and case.meta.generation.mode.is_positive:
        assert answer.status_code != 422 or answer.json().get("faults") is None


@STRANGERS.parametrize()
def test_a_stranger_gets_nowhere_whatever_is_asked(case: Case[Any]) -> None:
    if (case.method, case.operation.path) not in OPEN:
        assert case.call().status_code == 401
