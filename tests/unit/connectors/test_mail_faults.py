import pytest
from pydantic import ValidationError

from connectors.email.catcher.faults import CUT, Fault, Faults, Moment

ANN, BOB = "Ann@example.test", "bob@example.test"
LATER = "451 4.7.1 come back later"
UNKNOWN = "550 5.1.1 no such user"


@pytest.mark.parametrize(
    ("rules", "strikes"),
    [
        pytest.param([], [(Moment.RECIPIENT, [ANN], None)], id="no rule"),
        pytest.param(
            [Fault(reply=LATER, times=2)],
            [
                (Moment.RECIPIENT, [ANN], LATER),
                (Moment.RECIPIENT, [BOB], LATER),
                (Moment.RECIPIENT, [ANN], LATER),
                (Moment.RECIPIENT, [ANN], None),
                (Moment.RECIPIENT, [BOB], LATER),
                (Moment.RECIPIENT, [BOB], None),
            ],
            id="a greylist counts each recipient",
        ),
        pytest.param(
            [Fault(recipient="bob@*", reply=UNKNOWN)],
            [(Moment.RECIPIENT, [ANN], None), *[(Moment.RECIPIENT, [BOB], UNKNOWN)] * 3],
            id="a rule without a number is for ever",
        ),
        pytest.param(
            [Fault(recipient="ann@*", at=Moment.KEPT)],
            [(Moment.RECIPIENT, [ANN], None), (Moment.CONTENT, [ANN], None), (Moment.KEPT, [BOB, ANN], CUT)],
            id="a moment is that moment only, and case does not matter",
        ),
        pytest.param(
            [Fault(reply=LATER, times=1), Fault(reply=UNKNOWN)],
            [(Moment.RECIPIENT, [ANN], LATER), (Moment.RECIPIENT, [ANN], UNKNOWN)],
            id="the first rule that applies",
        ),
    ],
)
def test_strikes(rules: list[Fault], strikes: list[tuple[Moment, list[str], str | None]]) -> None:
    faults = Faults(rules)
    assert [faults.strike(at, recipients) for at, recipients, _ in strikes] == [
        wanted for *_, wanted in strikes
    ]


@pytest.mark.parametrize("reply", ["250 OK", "451", "nonsense", "", "999 no", "45 x"])
def test_refuses_a_reply_that_is_no_failure(reply: str) -> None:
    with pytest.raises(ValidationError):
        Fault(reply=reply)
