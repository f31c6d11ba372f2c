"""What an administrator does to the stages of opportunities."""

from typing import TYPE_CHECKING

from connectors.salesforce.simulator.errors import DmlError

if TYPE_CHECKING:
    from connectors.salesforce.simulator.org import Org

__all__ = ["rename_stage"]


def rename_stage(org: "Org", old: str, new: str) -> int:
    """Rename a stage, and with it the stage of every opportunity in it; say how many.

    All of it is one transaction, whose events name many records each. Raises `DmlError` for a stage that
    there is not.
    """
    stage = next(iter(org.children("OpportunityStage", "ApiName", old)), None)
    if stage is None:
        raise DmlError("NOT_FOUND", f"there is no stage {old!r}")
    with org.transaction(org.admin_id) as tx:
        tx.mark("OpportunityStage", str(stage["Id"]), {"ApiName": new, "MasterLabel": new})
        affected = [str(row["Id"]) for row in org.children("Opportunity", "StageName", old)]
        for record_id in affected:
            # Nothing follows from it: it is the same stage by another name.
            tx.mark("Opportunity", record_id, {"StageName": new})
    return len(affected)
