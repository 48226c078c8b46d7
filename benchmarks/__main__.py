"""`python -m benchmarks [subject...]`: measure and print. No finding is a failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import click

from benchmarks import clock, lifecycle, lists, per_test, server, startup, uploads
from benchmarks.measure import Rounds
from benchmarks.report import Finding, table

SUBJECTS: dict[str, tuple[str, Callable[[Rounds], Iterator[Finding]]]] = {
    "server": ("requests, beside a stock pytest-httpserver with the same bytes canned", server.run),
    "lifecycle": ("start and stop, beside a stock pytest-httpserver", lifecycle.run),
    "per-test": ("a fresh fake for each test", per_test.run),
    "clock": ("moving and reading time, beside freezegun", clock.run),
    "startup": ("what installing the plugin costs a pytest run", startup.run),
    "uploads": ("large files, beside werkzeug's own form parser on the same host", uploads.run),
    "lists": ("a long list, beside a short one", lists.run),
}


@click.command()
@click.argument("subjects", nargs=-1, type=click.Choice([*SUBJECTS]))
@click.option("--quick", is_flag=True, help="Fewer rounds: a smoke test, too noisy to judge by.")
def main(subjects: tuple[str, ...], quick: bool) -> None:
    """Measure the SUBJECTS, by default all of them.

    A ratio is the median of the rounds' ratios, ours divided by what stands beside it; both sides
    take turns, so read ratios and not milliseconds on a machine that does other work as well.
    """
    for subject in subjects or SUBJECTS:
        about, run = SUBJECTS[subject]
        begin = time.perf_counter()
        findings = table(run(Rounds(quick)))
        click.echo(f"{subject}: {about} ({time.perf_counter() - begin:.0f} s)\n{findings}\n")


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
