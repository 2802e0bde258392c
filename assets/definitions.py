"""The one Definitions object: jobs, schedules, the sensor and the policies that hold for all assets.

Belongs here: what starts a run and under which rules. Does not belong here: an asset.
"""

import dagster as dg

from assets import publication, reports, warehouse
from assets.resources import Fund, run_config, run_logger
from pipelines import build, calendar, inputs
from pipelines.errors import BusyError

PARIS = str(calendar.ZONE)

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    config=run_config(),
    description="Everything, from the inbox to a release. With nothing new it publishes nothing.",
)


@dg.schedule(
    job=refresh, cron_schedule="0 6 * * 1", execution_timezone=PARIS, description="Every Monday at six, Paris time."
)
def weekly_refresh() -> dg.RunRequest:
    """Takes in the week's reports, so that partners hear early of what is wrong."""
    return dg.RunRequest()


@dg.schedule(
    job=refresh,
    cron_schedule=f"0 6 {calendar.RELEASE_DAY} 1,4,7,10 *",
    execution_timezone=PARIS,
    description="The release of the quarter that is over, under the name of the quarter, on the 10th of the month after it.",
)
def quarterly_release(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Publishes under the name of the quarter."""
    quarter = calendar.closed_quarter(context.scheduled_execution_time.astimezone(calendar.ZONE).date())
    return dg.RunRequest(run_key=quarter, run_config=run_config(quarter))


@dg.sensor(
    job=refresh,
    minimum_interval_seconds=60,
    description="Starts a run when there is something new in the inbox, in the registers or in the rules, by content.",
)
def new_reports(fund: Fund) -> dg.RunRequest | dg.SkipReason:
    """Starts one run per state of the inputs: a run that failed is not started again until something has changed."""
    try:
        if build.published_already(fund.root()):
            return dg.SkipReason("The newest release is of everything that there is.")
    except BusyError as busy:
        return dg.SkipReason(busy.message)
    return dg.RunRequest(run_key=inputs.input_hash(fund.root()))


defs = dg.Definitions(
    assets=[reports.ledger, reports.extracts, reports.registers, reports.judged, *warehouse.models(), publication.release],
    asset_checks=warehouse.claims(),
    jobs=[refresh],
    schedules=[weekly_refresh, quarterly_release],
    sensors=[new_reports],
    resources={"fund": Fund()},
    loggers={"run": run_logger},
    executor=dg.in_process_executor,
)  # fmt: skip
