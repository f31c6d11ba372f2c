"""Plays a story against the engine as it is, and keeps what the engine was given."""

from datetime import timedelta
from functools import cache
from pathlib import Path

from processors.applying import plan
from processors.catalogue import Catalogue, fold
from processors.deal import Output, advance
from processors.lint_library import library
from processors.sample import DEAL
from processors.yaml_documents import Placed, parse
from schemas.base import Record
from schemas.control import ControlRecord
from schemas.deal import EnrichedDeal
from schemas.definition.documents import Workflow
from schemas.ids import derived_id
from schemas.inbox import DEAL_CHANGED, InboxRecord
from schemas.run import DealRuns
from tests.histories.files import Plain
from tests.histories.replaying import Taken, history
from tests.unit.processors.engine import OPPORTUNITY, ORG, T0, World, entry

EXAMPLES = Path(__file__).parents[2] / "examples"


class Stage(World):
    """A world that keeps its inputs. What the engine sends is answered as `World` answers it."""

    def __init__(self, *texts: str, active: str, deal: EnrichedDeal = DEAL) -> None:
        super().__init__(_catalogue(texts, active), deal)
        self.first_deal = deal
        self.inputs: list[Taken] = []

    def take(self, record: Record) -> list[Output]:
        outputs = super().take(record)
        self.inputs.append(Taken(record, self.at))  # type: ignore[arg-type]  # of an input, as in World
        return outputs

    def _check_history(self) -> None:
        """Leave to the tests of the engine what readers of the public events must see."""

    def held(self, workflow: str) -> None:
        """Let the deal enter its stage in a rush."""
        self.at += timedelta(seconds=1)
        self.inputs.append(Taken(entry(), self.at, (workflow,)))
        advanced = advance(None, entry(), self.at, self.catalogue, {workflow})
        self.state = DealRuns.model_validate_json(advanced.state.model_dump_json())
        self.sent += advanced.outputs

    def enter(self, stage: str = "Closed Won") -> None:
        """Let the deal enter a stage, and everything that answers by itself answer."""
        self.take(entry(stage, self.at))
        self.settle()

    def enter_only(self, answers: int) -> None:
        """Let the deal enter its stage, and only so many answers come."""
        self.take(entry())
        for _ in range(answers - 1):
            self.take(self.coming.popleft())

    def change(self, **fields: object) -> None:
        """Let fields of the opportunity change, and say so."""
        opportunity = self.deal.opportunity.model_copy(update=fields)
        self.deal = self.deal.model_copy(update={"opportunity": opportunity})
        news = derived_id("news", str(self.at))
        self.take(InboxRecord(id=news, org_id=ORG, kind=DEAL_CHANGED, opportunity_id=OPPORTUNITY))
        self.settle()

    def history(self, story: str) -> Plain:
        """Write down what was played."""
        return history(story, self.first_deal, self.catalogue, self.inputs)


@cache
def examples() -> str:
    """Give every example, and what they share, as one text."""
    return "\n---\n".join(path.read_text("utf-8") for path in sorted(EXAMPLES.glob("*.yaml")))


def _catalogue(texts: tuple[str, ...], active: str) -> Catalogue:
    """Put a workflow of the first text in force; each further text may hold its next version."""
    catalogue = Catalogue()
    records = list[ControlRecord]()
    placed = [each for text in texts for each in _parsed(text)]
    shared = library([each for each in placed if not isinstance(each.document, Workflow)])
    for text in texts:
        workflows = [
            placed.document.model_copy(update={"status": "active"})
            for placed in _parsed(text)
            if isinstance(placed.document, Workflow) and placed.document.name == active
        ]
        steps = plan(workflows, shared, catalogue, at=T0 - timedelta(days=1), actor="story")
        said = [record for step in steps for record in step.records]
        records += [
            each for each in said if each.kind == "workflow" or (each.kind == "active" and not records)
        ]
        catalogue = fold(records)
    return catalogue


@cache
def _parsed(text: str) -> list[Placed]:
    return parse(text, "story.yaml")
