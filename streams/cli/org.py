"""`dealwire org`: a simulated Salesforce org, and deals that move in it."""

import asyncio
import json
import re
import time
import urllib.error
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from connectors.kafka.broker.extra import sandbox_module
from connectors.salesforce.simulator.limits import Edition
from schemas.errors import ConfigurationError, RefusedError, UnavailableError, UsageError
from streams import logs
from streams.local.mover import Mover

app = typer.Typer(no_args_is_help=True, help="A simulated Salesforce org, and deals that move in it.")

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_DEFAULT_FILE = Path(".dealwire/org.json")


def duration(text: str) -> timedelta:
    """Read a duration: 200ms, 5s, 10m, 2h."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is no duration", todo="Write one like 200ms, 5s, 10m or 2h.")
    return timedelta(seconds=float(match[1]) * _UNITS[match[2]])


@app.command("serve", epilog="Example: dealwire org serve --deals 1000 --data .dealwire")
def serve_org(
    *,
    seed: Annotated[int, typer.Option(help="The same seed gives the same data, ids and credentials.")] = 1,
    deals: Annotated[
        int, typer.Option(min=0, help="How many opportunities; 100,000 take some seconds.")
    ] = 200,
    port: Annotated[int, typer.Option(help="The port; 0 is a free one.")] = 0,
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    public_url: Annotated[
        str | None, typer.Option(help="Where clients reach it, if not at localhost and the port.")
    ] = None,
    control_port: Annotated[
        int | None, typer.Option(help="A port for moving the clock and scripting faults; 0 is a free one.")
    ] = None,
    pubsub_port: Annotated[
        int | None, typer.Option(help="A port for the Pub/Sub API, which is gRPC; 0 is a free one.")
    ] = None,
    pubsub_tls: Annotated[
        bool, typer.Option("--pubsub-tls", help="Serve it with TLS; the authority to trust is written down.")
    ] = False,
    edition: Annotated[
        Edition, typer.Option(help="Whose limits it has; PE has no change events.")
    ] = Edition.ENTERPRISE,
    multi_currency: Annotated[
        bool, typer.Option("--multi-currency", help="Deals in several currencies, each saying its own.")
    ] = False,
    lifetime: Annotated[str, typer.Option(help="How long an access token lives without being used.")] = "2h",
    data: Annotated[
        Path | None,
        typer.Option(help="Where to keep keys and org.json, which is what is printed; else nowhere."),
    ] = None,
    faults: Annotated[
        Path | None, typer.Option(help="What is to go wrong and when: a JSON object a line.")
    ] = None,
    outbound: Annotated[
        str | None, typer.Option(help="Post Outbound Messages about stages to this URL.", metavar="URL")
    ] = None,
    parent_pid: Annotated[int | None, typer.Option(help="Stop when this process ends.")] = None,
) -> None:
    """Serve an org on loopback: OAuth, REST, Streaming and Pub/Sub API. Prints a line of JSON when ready."""
    logs.configure()
    serving = sandbox_module("streams.cli.org_serve")
    asyncio.run(
        serving.serve(
            serving.Serving(
                seed=seed,
                deals=deals,
                edition=edition,
                multi_currency=multi_currency,
                lifetime=duration(lifetime),
                host=host,
                port=port,
                public_url=public_url,
                control_port=control_port,
                pubsub_port=pubsub_port,
                pubsub_tls=pubsub_tls,
                data=data,
                faults=faults,
                outbound=outbound,
                parent_pid=parent_pid,
            )
        )
    )


@app.command(epilog='Example: dealwire org move "Closed Won" --every 200ms --count 25')
def move(
    what: Annotated[
        list[str],
        typer.Argument(metavar="[OPPORTUNITY] STAGE", help="Which deal, if one, and to which stage."),
    ],
    every: Annotated[str, typer.Option(help="The pause between two moves.")] = "200ms",
    count: Annotated[int, typer.Option(min=1, help="How many open deals to move, when none is named.")] = 1,
    org: Annotated[
        Path, typer.Option(envvar="DEALWIRE_ORG_FILE", help="The line that `org serve` printed, in a file.")
    ] = _DEFAULT_FILE,
) -> None:
    """Move deals to a stage over the org's REST API. Prints a line of JSON for each."""
    *named, stage = what
    if len(named) > 1:
        raise UsageError(
            f"expected at most an opportunity and a stage, got {len(what)} words", todo="Quote the stage."
        )
    pause = duration(every).total_seconds()
    try:
        mover = Mover(_reached(org))
        for number, deal in enumerate(named or mover.open_deals(count)):
            if number:
                time.sleep(pause)
            done = mover.move(deal, stage)
            typer.echo(json.dumps({"opportunity": deal, "stage": stage, "at": done.at.isoformat()}))
    except urllib.error.HTTPError as error:
        said = error.read().decode("utf-8", "replace")[:500]
        raise RefusedError(f"the org answered {error.code}: {said}", on=error.url) from error
    except urllib.error.URLError as error:
        raise UnavailableError(
            f"the org does not answer: {error.reason}", todo="Start it: dealwire org serve --data .dealwire"
        ) from error


def _reached(file: Path) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"cannot read how to reach the org: {error}",
            on=str(file),
            todo="Start one with: dealwire org serve --data .dealwire",
        ) from error
    return found
