"""Notes on deals: some in the old form, some as files in the new one."""

import html
from typing import TYPE_CHECKING

from connectors.salesforce.simulator.derive.notes import NOTE_TYPE, preview
from connectors.salesforce.simulator.seed.garden import Deal, Garden

if TYPE_CHECKING:
    from connectors.salesforce.simulator.objects import Value

__all__ = ["plant_notes"]

_OLD_SHARE, _NEW_SHARE = 0.2, 0.3
_TITLES = ("Kick-off call", "Requirements", "Pricing", "Security review", "Stakeholders", "Next steps")


def plant_notes(garden: Garden, deal: Deal) -> None:
    """Plant none, an old, a new note, or both."""
    if garden.chance.random() < _OLD_SHARE:
        note: dict[str, Value] = {
            "ParentId": deal.opportunity_id,
            "Title": garden.chance.choice(_TITLES),
            "Body": _text(garden),
            "IsPrivate": False,
            "OwnerId": deal.company.owner_id,
        }
        garden.put("Note", note, deal.company.owner_id, garden.between(deal.made_at, deal.changed_at))
    if garden.chance.random() < _NEW_SHARE:
        _plant_new(garden, deal)


def _text(garden: Garden) -> str:
    return " ".join(garden.chance.choices(garden.pools.sentences, k=garden.chance.randint(1, 6)))


def _plant_new(garden: Garden, deal: Deal) -> None:
    by, made = deal.company.owner_id, garden.between(deal.made_at, deal.changed_at)
    content = f"<p>{html.escape(_text(garden))}</p><p><b>{html.escape(_text(garden))}</b></p>".encode()
    both: dict[str, Value] = {
        "Title": garden.chance.choice(_TITLES),
        "FileType": NOTE_TYPE,
        "FileExtension": "snote",
        "ContentSize": len(content),
        "ContentModifiedDate": made,
        "OwnerId": by,
    }
    document_id = garden.put("ContentDocument", both, by, made)
    version_id = garden.put(
        "ContentVersion",
        {
            **both,
            "ContentDocumentId": document_id,
            "IsLatest": True,
            "VersionNumber": "1",
            "PathOnClient": f"{both['Title']!s}.snote",
            "VersionData": content,
            "TextPreview": preview(content),
        },
        by,
        made,
    )
    document = garden.org.store.get("ContentDocument", document_id) or {}
    garden.org.store.put("ContentDocument", {**document, "LatestPublishedVersionId": version_id})
    for linked, share in ((by, "I"), (deal.opportunity_id, "V")):
        link: dict[str, Value] = {
            "LinkedEntityId": linked,
            "ContentDocumentId": document_id,
            "ShareType": share,
            "Visibility": "AllUsers",
        }
        garden.put("ContentDocumentLink", link, by, made)
