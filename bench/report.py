"""Tables of what was measured, for people."""

from pathlib import Path
from typing import Any

from bench.growth import SERIES, WORK_GROWS_WITH, name_of

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def write_report(results: dict[str, Any], report: Path, readme: Path) -> None:
    """Write the report, and replace the marked part of README by a short table."""
    report.write_text(f"# Benchmarks\n\n`make bench` writes this page and `results.json`.\n\n{_tables(results)}")
    text = readme.read_text()
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    readme.write_text(f"{head}{BEGIN}\n{summary(results)}{END}{tail}")


def summary(results: dict[str, Any]) -> str:
    """README's table: five rows, of results that hold all groups."""
    machine, inference, batches = results["machine"], results["inference"], results["batches"]
    training, page = results["training"], results["page"][0]
    own, plain = (_rival(results["rivals"], server) for server in ("kernelscope", "plain"))
    images = {name: machine["training_batch"] / seconds for name, seconds in training.items()}
    rows = [
        "| measurement | Kernelscope | compared with |",
        "|---|---:|---|",
        f"| One digit, all activations | {_own(inference) * 1e6:.1f} µs | ONNX Runtime "
        f"{_fastest(inference, 'ONNX') * 1e6:.1f} µs; PyTorch {_fastest(inference, 'PyTorch') * 1e6:.1f} µs |",
        f"| {machine['batch']} digits, all activations | {_own(batches) * 1e3:.1f} ms | ONNX Runtime "
        f"{_fastest(batches, 'ONNX') * 1e3:.1f} ms; PyTorch {_fastest(batches, 'PyTorch') * 1e3:.1f} ms |",
        f"| Training, batches of {machine['training_batch']} | {_own(images):,.0f} images/s | PyTorch "
        f"{max(rate for name, rate in images.items() if name.startswith('PyTorch')):,.0f} images/s |",
        f"| Pointer event to all maps repainted, {page['window']} | {page['repainted_ms'][0]:.1f} ms | "
        "one frame: 16.7 ms |",
        f"| Every layer as {own['response']}, {own['workers']} worker, {own['clients']} clients | "
        f"{own['per_second']:,.0f} responses/s | FastAPI with ONNX Runtime and orjson: "
        f"{plain['per_second']:,.0f} responses/s |",
    ]
    return "\n".join([*rows, ""])


def _own(measured: dict[str, float]) -> float:
    """Kernelscope's own figure: the first of a group."""
    return next(iter(measured.values()))


def _fastest(seconds: dict[str, float], library: str) -> float:
    return min(each for name, each in seconds.items() if name.startswith(library))


def _tables(results: dict[str, Any]) -> str:
    machine = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    parts = [
        f"{machine['processor']}, {machine['cores']} cores; Python {machine['python']}, {versions}; "
        f"BLAS: {machine.get('blas', 'unknown')}; {machine['date']}. Medians; contenders took turns, each in a process "
        "of its own.\n"
    ]
    if "inference" in results:
        parts.append(_times("One digit, every activation kept", results["inference"], 1e6, "µs"))
    if "batches" in results:
        title = f"{machine['batch']} digits at once, every activation kept"
        parts.append(_times(title, results["batches"], 1e3, "ms"))
    if "training" in results:
        parts.append(_training(results["training"], machine["training_batch"]))
    if "products" in results:
        parts.append(_roofline(results, machine))
    if "growth" in results:
        parts.append(_growth(results["growth"]))
    if results.get("rivals"):
        parts.append(_rivals(results["rivals"]))
    if results.get("service"):
        parts.append(_service(results["service"]))
    if results.get("clients"):
        parts.append(_clients(results["clients"]))
    if results.get("page"):
        parts.append(_page(results["page"]))
    return "\n".join(parts)


def _times(title: str, medians: dict[str, float], scale: float, unit: str) -> str:
    own = next(iter(medians.values()))
    rows = [f"| {name} | {median * scale:,.1f} {unit} | {own / median:.2f} |" for name, median in medians.items()]
    return "\n".join([f"| {title} | time | {next(iter(medians))} takes × its time |", "|---|---:|---:|", *rows, ""])


def _training(medians: dict[str, float], batch: int) -> str:
    own = next(iter(medians.values()))
    rows = [f"| {name} | {batch / median:,.0f} | {median / own:.2f} |" for name, median in medians.items()]
    title = f"Training, batches of {batch}"
    return "\n".join([f"| {title} | images/s | Kernelscope's images/s ÷ its |", "|---|---:|---:|", *rows, ""])


def _roofline(results: dict[str, Any], machine: dict[str, Any]) -> str:
    operations = 2 * machine["product"] ** 3
    rates = {name: operations / median / 1e9 for name, median in results["products"].items()}
    one, all_cores = rates.values()
    rows = [f"| {name}, {machine['product']}×{machine['product']} | {rate:,.0f} | |" for name, rate in rates.items()]
    work = 2 * machine["multiply_adds"]
    reached = []
    if "inference" in results:
        reached.append(("one digit", work / next(iter(results["inference"].values())), one))
    if "batches" in results:
        own = next(iter(results["batches"].values()))
        reached.append((f"{machine['batch']} digits", machine["batch"] * work / own, all_cores))
    if "training" in results:
        # Forward, the gradient by the kernels and the gradient by the input: three times the products.
        own = next(iter(results["training"].values()))
        reached.append(("training step", 3 * machine["training_batch"] * work / own, all_cores))
    rows += [f"| {name} | {rate / 1e9:,.0f} | {rate / 1e9 / limit:.0%} |" for name, rate, limit in reached]
    return "\n".join(["| GEMM roofline | GFLOP/s | of what sgemm reaches |", "|---|---:|---:|", *rows, ""])


def _growth(seconds: dict[str, float]) -> str:
    """The last column is 1 if the time grows as the work does, and less if it grows more slowly."""
    lines = ["| Growth | number | time | time ÷ first | of the work's growth |", "|---|---:|---:|---:|---:|"]
    for series, numbers in SERIES.items():
        first, *_ = numbers
        for number in numbers:
            times = seconds[name_of(series, number)] / seconds[name_of(series, first)]
            work = (number / first) ** WORK_GROWS_WITH.get(series, 1)
            own = seconds[name_of(series, number)] * 1e6
            lines.append(f"| {series} | {number} | {own:,.0f} µs | {times:.2f} | {times / work:.2f} |")
    return "\n".join([*lines, ""])


def _rival(rows: list[dict[str, Any]], server: str) -> dict[str, Any]:
    """The first row of a server: JSON, one worker, the fewest clients."""
    return next(row for row in rows if row["server"] == server)


TITLES = {
    "kernelscope": "Kernelscope",
    "plain": "FastAPI, ONNX Runtime",
    "guarded": "the same with Kernelscope's middleware",
}


def _rivals(rows: list[dict[str, Any]]) -> str:
    """The share is that of the plain server's responses."""
    lines = [
        "The same pixels in, every layer out. What a user would write instead has plain functions as operations; "
        "`bytes` are raw numbers there and safetensors here, `JSON` is written by orjson, `lists` by FastAPI.",
        "",
        "| Response | workers | clients | server | responses/s | ÷ plain | median | p99 |",
        "|---|---:|---:|---|---:|---:|---:|---:|",
    ]
    plain = {(row["response"], row["workers"], row["clients"]): row for row in rows if row["server"] == "plain"}
    for row in rows:
        share = row["per_second"] / plain[row["response"], row["workers"], row["clients"]]["per_second"]
        lines.append(
            f"| {row['response']} | {row['workers']} | {row['clients']} | {TITLES[row['server']]} "
            f"| {row['per_second']:,.0f} | {share:.2f} | {row['median_ms']:.1f} ms | {row['p99_ms']:.1f} ms |"
        )
    return "\n".join([*lines, ""])


def _clients(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| Clients of one worker, a drawing as safetensors | responses/s | median | p99 | median ÷ clients |",
        "|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        lines.append(
            f"| {row['clients']} | {row['per_second']:,.0f} | {row['median_ms']:.1f} ms | {row['p99_ms']:.1f} ms "
            f"| {row['median_ms'] / row['clients']:.2f} ms |"
        )
    return "\n".join([*lines, ""])


def _service(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| Service | bytes | workers | clients | responses/s | constant body/s | share | median | p99 |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        lines.append(
            f"| {row['response']} | {row['bytes']:,} | {row['workers']} | {row['clients']} | {row['per_second']:,.0f} "
            f"| {row['constant_per_second']:,.0f} | {row['share']:.0%} | {row['median_ms']:.1f} ms "
            f"| {row['p99_ms']:.1f} ms |"
        )
    return "\n".join([*lines, ""])


def _page(rows: list[dict[str, Any]]) -> str:
    """Times are of the 50th, 95th and 99th percentile."""
    lines = [
        "| Page, while the pen moves | pointer event → all maps repainted | → next frame begins | frames over 25 ms "
        "| tasks over 50 ms |",
        "|---|---:|---:|---:|---:|",
    ]
    for row in rows:
        repainted, presented = (
            " / ".join(f"{each:.1f}" for each in row[key]) for key in ("repainted_ms", "presented_ms")
        )
        lines.append(
            f"| {row['window']}, {row['responses']} responses | {repainted} ms | {presented} ms "
            f"| {row['frames_late']} of {row['frames']} | {row['long_tasks']} |"
        )
    for row in rows:
        if heap := row.get("heap"):
            held = heap["megabytes"]
            lines += [
                "",
                f"JavaScript's heap, collected, over {heap['minutes']:g} minutes of drawing ({row['window']}): "
                f"{held[0]:.1f} MB at first, {held[len(held) // 2]:.1f} MB half way, {held[-1]:.1f} MB at the end.",
            ]
    return "\n".join([*lines, ""])
