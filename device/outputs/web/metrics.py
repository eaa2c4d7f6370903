"""`/metrics`: gauges and counters for Prometheus, collected when they are asked for and never before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from device.audience.telemetry import Telemetry
from device.audience.totals import Mark, bands, counted_words, scalar

Health = Callable[[], dict[str, Any]]
STATUSES = {"ok": 2, "degraded": 1, "down": 0}
SERIES = 40  # at most; bands or words that would be more are left out
MIB = 2**20

# name: (help, key of the health report, factor)
GAUGES = {
    "kiosk_frame_age_seconds": ("Since the newest frame", "newest_frame_age_s", 1),
    "kiosk_result_age_seconds": ("Since the newest result of the vision", "vision_result_age_s", 1),
    "kiosk_memory_bytes": ("Memory that counts against the budget", "memory_mib", MIB),
    "kiosk_memory_budget_bytes": ("The budget of memory", "memory_budget_mib", MIB),
    "kiosk_temperature_celsius": ("Of the processor", "temperature_c", 1),
    "kiosk_load_level": ("What is given up for heat or load; 0 nothing", "load_level", 1),
}
COUNTERS = {
    "kiosk_frames": ("Frames finished", "frames"),
    "kiosk_frames_dropped": ("Frames that came while all were busy", "dropped"),
    "kiosk_source_restarts": ("Times that the camera was opened again", "restarts"),
}
AUDIENCE = {
    "kiosk_people": ("People who came by, see definitions", "people"),
    "kiosk_watchers": ("People who watched", "watchers"),
    "kiosk_dwell_seconds": ("Seconds that people were in view, summed over them", "dwell_s"),
    "kiosk_attention_seconds": ("Seconds that watchers watched, summed over them", "attention_s"),
    "kiosk_audience_seconds": ("Seconds that the audience was counted for", "seconds"),
    "kiosk_covered_seconds": ("Of these, seconds that the camera was well", "covered_s"),
}


class Metrics:
    """A registry of our own. With `api.min_people` of 2 or more, nothing of the audience is in it."""

    def __init__(self, telemetry: Telemetry, health: Health, refused: Callable[[], int]) -> None:
        self._telemetry, self._health, self._refused = telemetry, health, refused
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def routes(self) -> list[Route]:
        """Where it is answered."""
        return [Route("/metrics", self._answer)]

    async def _answer(self, request: Request) -> Response:
        return Response(generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    def collect(self) -> Iterable[Metric]:
        """All figures as they stand; called by the registry."""
        health = self._health()
        found = [*self._of_the_program(health)]
        if self._telemetry.messages.single_visits:
            found += self._of_the_audience()
            mark = self._telemetry.audience.snapshot.mark
            for counts in (self._by_band(mark), self._by_word(mark)):
                if sum(len(metric.samples) for metric in (*found, counts)) <= SERIES:
                    found.append(counts)
        room = SERIES - sum(len(metric.samples) for metric in found)
        return [*found, _ladder(health.get("ladder", {}), room)]

    def _of_the_program(self, health: Mapping[str, Any]) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "kiosk_status", "2 well, 1 degraded, 0 down", STATUSES.get(str(health.get("status")), 0)
        )
        for name, (words, key, factor) in GAUGES.items():
            if health.get(key) is not None:
                yield GaugeMetricFamily(name, words, health[key] * factor)
        for name, (words, key) in COUNTERS.items():
            if key in health:
                yield CounterMetricFamily(name, words, health[key])
        yield CounterMetricFamily("kiosk_requests_refused", "Answered by a 4xx or 5xx", self._refused())
        stages = GaugeMetricFamily(
            "kiosk_stage_p95_seconds", "95 % of frames need no longer for this stage", labels=["stage"]
        )
        for stage, times in self._telemetry.stages().items():
            stages.add_metric([stage], times["p95"] / 1000)
        yield stages
        lost = CounterMetricFamily("kiosk_lost", "Messages that nobody took, by kind", labels=["kind"])
        for kind, count in self._telemetry.lost().items():
            lost.add_metric([kind], count)
        yield lost

    def _of_the_audience(self) -> list[Metric]:
        snapshot = self._telemetry.audience.snapshot
        people = [track for track in snapshot.tracks if track.is_person]
        watching = sum(track.is_watcher for track in people)
        return [
            GaugeMetricFamily("kiosk_people_in_view", "People in view now", len(people)),
            GaugeMetricFamily("kiosk_watchers_in_view", "Of these, watchers", watching),
            *(
                CounterMetricFamily(name, words, scalar(snapshot.mark, key))
                for name, (words, key) in AUDIENCE.items()
            ),
        ]

    def _by_band(self, mark: Mark) -> Metric:
        metric = CounterMetricFamily("kiosk_people_by_band", "People by age band", labels=["band"])
        for label, count in zip(self._telemetry.audience.labels, bands(mark), strict=True):
            metric.add_metric([label], count)
        return metric

    def _by_word(self, mark: Mark) -> Metric:
        labels = ["attribute", "word"]
        metric = CounterMetricFamily(
            "kiosk_people_by_word", "People by what is told beside age", labels=labels
        )
        for attribute in self._telemetry.audience.attributes:
            for word, count in counted_words(mark, attribute).items():
                metric.add_metric([attribute, word], count)
        return metric


def _ladder(counters: Mapping[str, int], room: int) -> Metric:
    """Steps of the recovery ladder that were taken at all, the rarest first as long as there is room."""
    taken = sorted((count, step) for step, count in counters.items() if count)
    metric = CounterMetricFamily("kiosk_ladder", "Steps of the recovery ladder", labels=["step"])
    for count, step in taken[:room]:
        metric.add_metric([step], count)
    return metric
