"""The words that tell what a sentence is about. English; data only, `reading.py` uses it.

Each phrase is a regular expression that matches whole words, whatever their case. `unless` takes the cue back
when it matches in the same sentence. A sentence belongs to the first section that has a cue in it, in the
order of `CUES`; one with a date in it is among the dates too, when `DATED` has a cue.
"""

from dataclasses import dataclass

from schemas.brief import Section

__all__ = ["ABBREVIATIONS", "CUES", "DATED", "DATE_FORMS", "LABELS", "MEETINGS", "NOISE", "Cue"]


@dataclass(frozen=True, slots=True)
class Cue:
    """Phrases that put a sentence into a section, and phrases that keep it out."""

    section: Section
    says: tuple[str, ...]
    unless: tuple[str, ...] = ()


_CHIEF = "(?:ceo|cto|cfo|cio|coo|ciso|vp)"
_THEY = f"(?:they|he|she|customer|client|prospect|team|{_CHIEF})"
_TROUBLE = "(?:risks?|concerns?|blockers?|issues?|delays?|worries|escalations?|pushback|competitors?)"
_SETTLED = "(?:resolved|solved|gone|addressed|off the table)"
_MEANS = "(?:budget|sponsor|resources|owner|buy-in|capacity|staff|people|time|consultants?|experience|skills)"
_WE = "(?:we|i|our (?:team|side|ae|se|ceo))"

CUES: tuple[Cue, ...] = (
    Cue(
        "open_questions",
        (
            "open (?:questions?|points?|items?|issues?|topics?)",
            "tb[cd]",
            "to be (?:decided|confirmed|clarified|determined|agreed)",
            "(?:still|remains?|is|are|it's) unclear",
            "not (?:yet )?(?:clear|decided|confirmed|known|sure)",
            "(?:isn't|aren't|wasn't) (?:yet )?(?:clear|decided|confirmed|known|sure)",
            "(?:need|needs|have|has) to (?:clarify|find out|confirm|figure out|double-check|decide)",
            "(?:awaiting|waiting (?:for|on))",
            f"{_THEY} (?:\\w+ )?ask(?:ed|s)? (?:us )?(?:whether|if|about|how|when|who|why|what)",
            "(?:answer|confirmation|decision|approval|response|sign-?off) (?:is |still )*pending",
            "pending (?:answer|confirmation|decision|approval|response|sign-?off)",
            "(?:don't|do not|doesn't|does not) (?:yet )?know",
            "(?:haven't|hasn't|have not|has not) (?:yet )?(?:decided|confirmed|heard|chosen|answered)",
            "who (?:will|is going to) own",
        ),
        ("(?:is|was|has been|now) (?:answered|resolved|clarified)", "no open (?:questions?|points?|items?)"),
    ),
    Cue(
        "risks",
        (
            "risk(?:s|y)?",
            "(?:concern(?:s|ed)?|worr(?:y|ies|ied))",
            "(?:blockers?|blocked|blocking|showstoppers?|deal-?breakers?)",
            "(?:delay(?:s|ed)?|postponed|slipp(?:ed|ing)|behind schedule)",
            "(?:competitors?|competing (?:offer|vendor|bid)|incumbent)",
            "budget (?:\\w+ )*?(?:cuts?|freeze|frozen|tight|at risk|constraints?|not (?:approved|secured))",
            f"(?:no|not enough|too few|lack of|lacks?|without|short of) (?:\\w+ )?{_MEANS}",
            "(?:can't|cannot|unable to|not able to|won't be able to)(?! (?:wait|recommend)\\b)",
            "(?:fail(?:s|ed|ure|ures)?|problems?|struggl(?:e|es|ed|ing)|penalt(?:y|ies)|missing the)",
            "(?:usage|adoption|logins|revenue) (?:has |have )?(?:dropped|fell|fallen|declined|is down)",
            "(?:overloaded|cautious|nervous|let down|not on board|not convinced|unstable|outdated)",
            "(?:churn(?:ed)? (?:from|off)|might churn|may churn|could churn)",
            "escalat(?:e|ed|ion|ions)",
            "(?:unhappy|frustrat(?:ed|ion)|sceptical|skeptical|disappointed|burned|burnt|reluctant|hesitant)",
            "(?:push(?:ed|ing)? ?back|pushback)",
            "(?:tight|aggressive|ambitious) (?:timeline|timelines|deadline|schedule)",
            "(?:depends?|dependent|dependency|dependencies|contingent) on",
            "(?:understaffed|short-staffed|stretched thin|bandwidth)",
            "(?:(?:is|are|was) leaving|left the (?:company|team|project)|has left|have left)",
            "(?:resigned|reorg|re-org|reorganisation|reorganization|layoffs?|hiring freeze|acquired by)",
            "(?:outage|outages|data loss|security incident|breach)",
            "(?:bad|poor) (?:experience|data quality)",
            "(?:hard|difficult|complex|complicated) (?:integration|migration|to)",
            "(?:will|would|may|might|could) (?:walk away|cancel|leave us)",
            "red flag",
        ),
        (
            f"(?:no|any|without|zero|low|little|reduc(?:e|es|ing)|mitigate[sd]?) (?:\\w+ )?{_TROUBLE}",
            "not (?:\\w+ )?(?:a (?:risk|concern|blocker)|concerned|worried|at risk|blocked|delayed)",
            "no longer",
            "risk-free",
            f"{_TROUBLE} (?:is|are|was|were|has been|have been) (?:now )?{_SETTLED}",
        ),
    ),
    Cue(
        "commitments",
        (
            f"{_WE} (?:\\w+ )?(?:promised|committed|agreed|offered|guaranteed|owe|signed up)",
            f"{_WE}(?:'ll| will| shall|'re going to| are going to|'ve agreed|'ve promised)",
            f"{_WE} (?:\\w+ )?(?:told|assured|confirmed to) (?:\\w+ ){{1,4}}we",
            f"{_THEY} (?:\\w+ )?(?:promised|committed|agreed|guaranteed|signed off)",
            "(?:promise|promised|commitment|commitments|committed)(?: to)?",
            "agreed (?:to|on|that|upon|with|terms|price)",
            "(?:verbally|contractually|in the contract|as part of the (?:deal|contract|agreement))",
            "\\d+ ?(?:%|percent) (?:off|discount)",
            "discount(?:ed)? (?:of|by|is|was)",
            "(?:free of charge|at no (?:extra |additional )?cost|for free|waived?|included in the price)",
            "(?:price|rate) (?:lock|locked|cap|capped|hold)",
            "(?:sla|slas|uptime) (?:of|is|at)",
            "(?:opt-?out|termination|renewal) clause",
            "(?:send|deliver|provide|share) (?:them|him|her|the customer)",
        ),
        ("(?:did not|didn't|never|no|not|without|hasn't) (?:\\w+ )?(?:promis\\w+|commit\\w*|agreed)",),
    ),
    Cue(
        "stakeholders",
        (
            "(?:champion|economic buyer|decision[- ]makers?|(?:executive )?sponsor|gatekeeper|detractor)",
            "(?:influencer|(?:day-to-day|main|technical) contact|point of contact|project lead)",
            f"(?:contact for|responsible for|in charge of|chairs|(?:new|acting|interim) {_CHIEF})",
            "(?:reports? to|signs? off|signatory|has the final say|makes the (?:final )?(?:call|decision))",
            "(?:will|is going to) (?:lead|own|run|sponsor|manage) (?:the|this)",
            f"(?:is|as) (?:the|their|our) (?:new )?(?:admin|owner|lead|buyer|head|director|{_CHIEF})",
            "(?:joined|joins|took over|takes over) as",
        ),
    ),
    Cue(
        "goals",
        (
            "(?:goals?|objectives?|aims?|targets?|kpis?|okrs?|outcomes?|priority|priorities)",
            "(?:wants?|wanted|hop(?:e|es|ing)|aiming|looking|trying|intends?|expects?) (?:\\w+ )?to",
            "plan(?:s|ning)? to",
            f"{_THEY} (?:\\w+ )?needs? (?:to|an?|one|better)",
            "(?:looking|asks?|asked|asking) for",
            f"{_THEY} (?:really )?wants?",
            "(?:under pressure|need|needs|wish|wishes) to",
            "(?:wants?|needs?|requires?|requirements?)(?: (?:an?|the|one|more|better|fewer|less))",
            "success (?:means|criteria|criterion|metrics?|looks like|is when|will be)",
            "use[- ]cases?",
            "(?:business case|pain points?|main driver|primary driver|key requirement|key requirements)",
            "(?:so that|in order to) (?:they|their|the)",
            "would like to",
        ),
        (
            "target date",
            "looking to (?:hear|hearing)",
            "(?:wants?|wanted) (?:us )?to (?:meet|talk|call|speak)",
        ),
    ),
)

DATED: tuple[str, ...] = (
    "go(?:es)?[- ]?live",
    "(?:launch|cut-?over|roll-?out|kick-?off|migration|pilot|onboarding|training|renew(?:al|s)?)",
    "(?:close date|deadline|due|milestone|target date|no later than|at the latest|effective)",
    "(?:by|before|until|till|from|starting|starts?|begins?|ends?|expires?|runs? out|planned)",
    "(?:scheduled|set for|booked)",
    "(?:contract|notice period|term|board meeting|qbr|fiscal year|freeze)",
)
"""What makes a date worth keeping."""

MEETINGS: tuple[str, ...] = (
    "(?:met|spoke|talked|called|visited|emailed|had (?:a|an) (?:\\w+ )?(?:call|meeting|chat|lunch|demo))",
    "(?:call|meeting|minutes|notes|recap) (?:with|of|from|on)",
)
"""A sentence that begins so tells of a day that is over."""

_MONTH = (
    "(?:january|february|march|april|june|july|august|september|october|november|december"
    "|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
)
_ANY_MONTH = f"(?:{_MONTH}|may)"
_DAY = "(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
DATE_FORMS: tuple[str, ...] = (
    "\\d{4}-\\d{2}-\\d{2}(?:t[\\d:.]+(?:z|[+-][\\d:]+)?)?",
    "\\d{1,2}[./]\\d{1,2}[./]\\d{2,4}",
    f"\\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_ANY_MONTH}\\.?(?:,? \\d{{4}})?",
    f"{_ANY_MONTH}\\.? \\d{{1,2}}(?:st|nd|rd|th)?(?:,? \\d{{4}})?",
    f"{_ANY_MONTH} \\d{{4}}",
    f"(?:in|by|before|until|till|end of|start of|early|mid|late|from|since|mid-)[- ]?{_MONTH}",
    "(?:in|by|before|until|till|end of|start of|early|mid|late|from) may(?= *[.,;)]| *$)",
    "(?:q[1-4]|h[12])(?:[ /'-]*\\d{2,4})?",
    "(?:end|start|beginning) of (?:the |this |next )?(?:week|month|quarter|year)",
    f"(?:by|before|until|till|on|next|this) {_DAY}",
    "(?:next|this) (?:week|month|quarter|year)",
)

LABELS: tuple[tuple[Section, str], ...] = (
    (
        "goals",
        "(?:business |key |main )?(?:goals?|objectives?|needs?|requirements?|success criteria|use cases?)",
    ),
    (
        "stakeholders",
        "(?:key )?(?:stakeholders?|people|contacts?|champions?|sponsors?|decision[- ]makers?|attendees)",
    ),
    (
        "commitments",
        "(?:our )?(?:commitments?|promises|promised|agreed|special terms|next steps?|to-?dos?|action items?)",
    ),
    ("risks", "(?:key |main )?(?:risks?|concerns?|blockers?|red flags?|watch ?outs?|issues|objections?)"),
    ("dates", "(?:key |important )?(?:dates?|timelines?|deadlines?|milestones?|schedule|go[- ]?live)"),
    (
        "open_questions",
        "(?:open )?(?:questions?|open (?:points?|items?|issues?|topics?)|tb[cd]|unknowns?|unclear)",
    ),
)
"""Headings of notes, and names of form fields, by what stands below them."""

NOISE: tuple[str, ...] = (
    "(?:hi|hello|hey|dear)\\b[^.!?]{0,40}",
    "(?:best|kind|warm)? ?regards\\b.*",
    "(?:thanks|thank you|cheers|best)\\b[^a-z]*(?:[A-Z]\\w*)?[^a-z]*",
    "sent from my .*",
    "(?:how are you|any questions|does that make sense|sounds good|make sense|right)\\?",
    "(?:on .{1,80} wrote|from|to|cc|subject|sent|forwarded message):?.{0,5}",
)
"""Lines and sentences that say nothing, as a whole."""

ABBREVIATIONS: frozenset[str] = frozenset(
    [
        *(
            "e.g",
            "i.e",
            "mr",
            "mrs",
            "ms",
            "dr",
            "prof",
            "st",
            "vs",
            "approx",
            "no",
            "nr",
            "inc",
            "ltd",
            "corp",
        ),
        *("jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "ca", "est"),
        *("fig", "dept", "tel", "ext", "incl", "excl", "min", "max", "avg"),
    ]
)
"""A full stop after one of these ends no sentence."""
