"""What it means: pure functions. Same arguments, same answer; time and ids arrive in the record.

The agents call, each with the state that their table holds for the record's key:

    transitions.observe(state, change) -> Observation(state, entries)
    deal.advance(state, record, at, catalogue) -> Advance(state, outputs)
    assignment.assign(state, queue, command) -> (state, csm)
    send_ledger.plan(...)                     what to do about a mail
    catalogue.fold(records) -> Catalogue      what `dealwire apply` has said
"""
