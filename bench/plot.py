"""Draws a load run as SVG: throughput as bars on the left, latency percentiles on a logarithmic axis on the right."""

import math
from html import escape

ROW = 46
TOP = 92
LABELS = 130  # where the names of the rows end
BARS = (LABELS + 12, 270)  # left edge, longest bar
LATENCY = (560, 400)  # left edge, width
WIDTH = 1000

INK, QUIET, GRID, BAR = "#1f2933", "#5f6b7a", "#dfe3e8", "#3b7dd8"
PERCENTILES = {"p50": "#f7b267", "p90": "#f4845f", "p99": "#d1495b", "p99.9": "#6a2c56"}


def plot(rows: list[tuple[str, dict]], title: str, subtitle: str) -> str:
    bottom = TOP + ROW * len(rows)
    lowest, highest = decades(rows)

    def x_of(milliseconds: float) -> float:
        share = (math.log10(max(milliseconds, 10.0**lowest)) - lowest) / (highest - lowest)
        return LATENCY[0] + share * LATENCY[1]

    parts = [
        text(20, 28, title, size=16, weight="bold"),
        text(20, 48, subtitle, colour=QUIET),
        text(BARS[0], TOP - 12, "requests per second", weight="bold"),
        text(LATENCY[0], TOP - 12, "latency, ms", weight="bold"),
        *legend(),
        *grid(lowest, highest, x_of, bottom),
    ]
    fastest = max((figure["requests_per_second"] for _, figure in rows), default=1) or 1
    for number, (name, figure) in enumerate(rows):
        middle = TOP + ROW * number + ROW / 2
        parts.append(text(LABELS, middle + 4, name, anchor="end"))
        parts += bar(middle, figure["requests_per_second"], fastest)
        parts += percentiles(middle, figure["latency_ms"], x_of)

    height = bottom + 44
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        f' font-family="system-ui, sans-serif" role="img" aria-label="{escape(title)}">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def decades(rows: list[tuple[str, dict]]) -> tuple[int, int]:
    """The powers of ten, in milliseconds, between which every latency lies."""
    latencies = [figure["latency_ms"][name] for _, figure in rows for name in PERCENTILES]
    latencies = [latency for latency in latencies if latency > 0] or [1.0]
    lowest = math.floor(math.log10(min(latencies)))
    return lowest, max(math.ceil(math.log10(max(latencies))), lowest + 1)


def legend() -> list[str]:
    parts, x = [], LATENCY[0] + 110
    for name, colour in PERCENTILES.items():
        parts.append(f'<circle cx="{x}" cy="{TOP - 16}" r="5" fill="{colour}"/>')
        parts.append(text(x + 9, TOP - 12, name))
        x += 66
    return parts


def grid(lowest: int, highest: int, x_of, bottom: float) -> list[str]:
    parts = []
    for power in range(lowest, highest + 1):
        x = x_of(10.0**power)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}" stroke="{GRID}"/>')
        parts.append(text(x, bottom + 18, f"{10.0 ** power:,.{max(0, -power)}f}", anchor="middle", colour=QUIET))
    return parts


def bar(middle: float, rate: float, fastest: float) -> list[str]:
    length = max(rate / fastest * BARS[1], 1.5)
    value = f"{rate:,.0f}" if rate >= 100 else f"{rate:,.1f}"
    return [
        f'<rect x="{BARS[0]}" y="{middle - 11:.1f}" width="{length:.1f}" height="22" rx="2" fill="{BAR}"/>',
        text(BARS[0] + length + 6, middle + 4, value),
    ]


def percentiles(middle: float, latencies: dict, x_of) -> list[str]:
    ends = [x_of(latencies[name]) for name in ("p50", "p99.9")]
    parts = [
        f'<line x1="{ends[0]:.1f}" y1="{middle}" x2="{ends[1]:.1f}" y2="{middle}" stroke="{QUIET}" stroke-width="2"/>'
    ]
    for name, colour in PERCENTILES.items():
        parts.append(
            f'<circle cx="{x_of(latencies[name]):.1f}" cy="{middle}" r="5" fill="{colour}" stroke="#ffffff">'
            f"<title>{name} {latencies[name]:.2f} ms</title></circle>"
        )
    parts.append(text(ends[0] - 9, middle + 4, three_digits(latencies["p50"]), anchor="end", colour=QUIET, size=11))
    parts.append(text(ends[1] + 9, middle + 4, three_digits(latencies["p99.9"]), colour=QUIET, size=11))
    return parts


def three_digits(number: float) -> str:
    """Three significant digits, and no exponent: 0.0412, 3.67, 1,040."""
    if number <= 0:
        return "0"
    places = 2 - math.floor(math.log10(number))
    return f"{round(number, places):,.{max(places, 0)}f}"


def text(x: float, y: float, content: str, size=13, weight="normal", anchor="start", colour=INK) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}"'
        f' fill="{colour}">{escape(content)}</text>'
    )
