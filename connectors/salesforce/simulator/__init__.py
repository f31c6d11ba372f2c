"""A Salesforce org on loopback: a model of its records and events, and thin servers over it.

The model is `org.Org`. It is pure: nothing in it waits or opens a socket, and time comes from its clock.

    org = Org(seed=1, clock=SimClock(), edition=Edition.ENTERPRISE)       org.py, clock.py, limits.py
    plant(org, deals=1_000)                                               seed/
    org.org_id, org.instance_url, org.login_url, org.api_version
    org.objects[name] -> ObjectType; .find(name) in any case; .by_id(id); .children(name)      objects/
    org.rows(name, include_deleted=False), org.get(name, id), org.count(name)
    org.children(name, field, value)               by index; also finds by an external id
    org.access.readable(user, object, field), .hide(…), .lock(…)          access.py
    org.credentials[username], org.app             passwords; the connected app    connected_app.py
    org.sessions.issue(user, client), .lookup(token), .revoke(token)      sessions.py
    org.limits.charge_call(), .resource(), .api_calls.used                limits.py
    org.changes                                    the change log         changes.py

    with org.transaction(user_id, origin=api_origin("66.0", "acme_sync")) as tx:               transaction.py
        record_id = tx.create("Opportunity", {"Name": "…", …})
        tx.update("Opportunity", record_id, {"StageName": "Closed Won"})
        tx.delete(…), tx.undelete(…)

A row is a mapping from field names to native values: `Decimal` for currency, percent and double, `int`,
aware UTC `datetime` in whole seconds, `date`, `bool`, `str`, `bytes`. A null field is absent. Rows are
never changed in place. Writes take JSON's values or native ones and raise `errors.DmlError` (`code`,
`message`, `fields`); one that raised did nothing, and its transaction may go on. Compound address fields are
not stored: `ObjectType.components("BillingAddress")` says what they are made of.
"""
