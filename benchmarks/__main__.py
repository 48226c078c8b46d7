"""`python -m benchmarks [subject...]`: measure and print. A missed aim is not a failure."""

from __future__ import annotations

import click

from benchmarks import events, http_requests, pytest_runs
from benchmarks.measure import table

SUBJECTS = {
    "requests": http_requests.rows,
    "events": events.rows,
    "start": pytest_runs.start_rows,
    "per-test": pytest_runs.per_test_rows,
}


@click.command()
@click.argument("subjects", nargs=-1, type=click.Choice([*SUBJECTS]))
@click.option("--quick", is_flag=True, help="Run fewer rounds: a smoke test, too noisy to judge.")
def main(subjects: tuple[str, ...], quick: bool) -> None:
    """Measure the SUBJECTS, by default all of them.

    A ratio is ours divided by the other side's. Read the ratios, not the times, on a machine that
    does other work as well.
    """
    for subject in subjects or SUBJECTS:
        click.echo(f"{subject}\n{table(SUBJECTS[subject](quick))}\n")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
