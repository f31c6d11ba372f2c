"""Notes that played no part in choosing the cues: how well the rules read what they were not made for."""

from tests.unit.processors.brief.notes import Case

HELD_OUT = (
    Case(
        "a bank",
        "Second meeting at the bank. Their aim is straight-through processing for 80% of applications. "
        "Compliance has to sign off every release, which takes three weeks. Jonas is our sponsor, his "
        "deputy Mira runs the project. They fear a repeat of the failed 2024 launch. We assured them "
        "that we would keep the old API for a year. Not clear yet if they need the on-premises version. "
        "Kick-off: 11 January.",
        {
            "goals": ["Their aim is straight-through processing for 80% of applications."],
            "stakeholders": ["Jonas is our sponsor, his deputy Mira runs the project."],
            "risks": [
                "Compliance has to sign off every release, which takes three weeks.",
                "They fear a repeat of the failed 2024 launch.",
            ],
            "commitments": ["We assured them that we would keep the old API for a year."],
            "open_questions": ["Not clear yet if they need the on-premises version."],
            "dates": ["Kick-off: 11 January."],
        },
    ),
    Case(
        "a school district",
        "They hope to get rid of paper forms before the school year starts in August. Superintendent "
        "decides, but the parents' board can stop it. Wifi in two schools is weak. I will send a price "
        "for 60 more licenses. How is the data deleted when a child leaves?",
        {
            "goals": ["They hope to get rid of paper forms before the school year starts in August."],
            "dates": ["They hope to get rid of paper forms before the school year starts in August."],
            "stakeholders": ["Superintendent decides, but the parents' board can stop it."],
            "risks": ["Wifi in two schools is weak."],
            "commitments": ["I will send a price for 60 more licenses."],
            "open_questions": ["How is the data deleted when a child leaves?"],
        },
    ),
    Case(
        "a list in a hurry",
        "Goals\n- one login for everything\n- reports without Excel\nRisks\n- key user retires in May\n"
        "Promised\n- two days of training\nQuestions\n- VAT id?",
        {
            "goals": ["one login for everything", "reports without Excel"],
            "risks": ["key user retires in May"],
            "commitments": ["two days of training"],
            "open_questions": ["VAT id?"],
        },
    ),
    Case(
        "a manufacturer",
        "Plant manager Oskar would like to see downtime per machine on one screen. They also evaluate "
        "Siemens. Machines from before 2010 have no network. We guaranteed 99.9% uptime in the "
        "contract. The pilot line must run by 15 October 2027. Oskar asked when the German manual is "
        "ready.",
        {
            "goals": ["Plant manager Oskar would like to see downtime per machine on one screen."],
            "risks": ["They also evaluate Siemens.", "Machines from before 2010 have no network."],
            "commitments": ["We guaranteed 99.9% uptime in the contract."],
            "dates": ["The pilot line must run by 15 October 2027."],
            "open_questions": ["Oskar asked when the German manual is ready."],
        },
    ),
    Case(
        "a start-up",
        "Founder-led, 40 people, all remote. Goal for this year is SOC 2. They burn cash and may not "
        "renew. We waived the setup fee. Invoice goes to the parent company in Delaware. Next check-in "
        "on Thursday.",
        {
            "goals": ["Goal for this year is SOC 2."],
            "risks": ["They burn cash and may not renew."],
            "commitments": ["We waived the setup fee."],
        },
    ),
    Case(
        "an insurer's mail",
        "Hello Ben,\n\nour steering committee has approved the purchase. We expect to see first results "
        "by the end of March. Please confirm that the data stays in Frankfurt. Ms Okafor is responsible "
        "for the rollout.\n\nKind regards\nLiam",
        {
            "goals": ["We expect to see first results by the end of March."],
            "dates": ["We expect to see first results by the end of March."],
            "open_questions": ["Please confirm that the data stays in Frankfurt."],
            "stakeholders": ["Ms Okafor is responsible for the rollout."],
        },
    ),
    Case(
        "a dull call",
        "Confirmed attendance for the fair. They moved offices last week. Parking is behind the building. He "
        "likes jazz.",
        {},
    ),
    Case(
        "a reseller",
        "Margin stays at 18% until the end of 2027, agreed with their CFO. Their sales people are "
        "skeptical about the new portal. Success means 50 orders a month through the portal. No "
        "blockers on the legal side.",
        {
            "commitments": ["Margin stays at 18% until the end of 2027, agreed with their CFO."],
            "dates": ["Margin stays at 18% until the end of 2027, agreed with their CFO."],
            "risks": ["Their sales people are skeptical about the new portal."],
            "goals": ["Success means 50 orders a month through the portal."],
        },
    ),
)
