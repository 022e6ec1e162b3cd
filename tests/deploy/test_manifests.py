"""The files of deploy/ hold what Kubernetes, Compose, nginx, Prometheus and the service itself agree on."""

import json
import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from app.observability.metrics import Metrics
from app.settings import ROOT, Settings

DEPLOY = ROOT / "deploy"
KUBERNETES = "1.33"


def objects() -> list[dict[str, Any]]:
    files = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    return [each for path in files for each in yaml.safe_load_all(path.read_text())]


def of_kind(kind: str) -> dict[str, Any]:
    (found,) = [each for each in objects() if each["kind"] == kind]
    return found


def container() -> dict[str, Any]:
    (only,) = of_kind("Deployment")["spec"]["template"]["spec"]["containers"]
    return only


def settings_in(environment: dict[str, str]) -> dict[str, str]:
    known = {f"KERNELSCOPE_{name.upper()}" for name in Settings.model_fields} | {"HOST", "PORT"}
    assert set(environment) <= known
    return environment


@pytest.mark.parametrize("manifest", objects(), ids=lambda manifest: manifest["kind"])
def test_manifest_is_valid_to_the_letter(manifest: dict[str, Any]):
    kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_a_manifest_with_a_misspelt_field_is_not_valid():
    broken = of_kind("PodDisruptionBudget")
    broken["spec"]["maxUnavailabel"] = broken["spec"].pop("maxUnavailable")

    with pytest.raises(kubernetes_validate.ValidationError, match="maxUnavailabel"):
        kubernetes_validate.validate(broken, KUBERNETES, strict=True)


def test_all_parts_mean_the_same_pods():
    labels = of_kind("Deployment")["spec"]["template"]["metadata"]["labels"]

    assert of_kind("Deployment")["spec"]["selector"]["matchLabels"] == labels
    assert of_kind("Service")["spec"]["selector"] == labels
    assert of_kind("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    assert (
        of_kind("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"]
        == of_kind("Deployment")["metadata"]["name"]
    )
    (rule,) = of_kind("Ingress")["spec"]["rules"]
    assert rule["http"]["paths"][0]["backend"]["service"]["name"] == of_kind("Service")["metadata"]["name"]


def test_probes_ask_what_the_service_answers():
    paths = {name: container()[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")}

    assert paths == {"startup": "/readyz", "readiness": "/readyz", "liveness": "/healthz"}
    # A pod that is busy is not ready; it must not be killed for it.
    assert container()["livenessProbe"]["timeoutSeconds"] >= 5


def test_the_pod_runs_as_nobody_in_particular_on_a_disk_it_cannot_write():
    pod = of_kind("Deployment")["spec"]["template"]["spec"]["securityContext"]
    own = container()["securityContext"]

    assert pod["runAsNonRoot"]
    assert f"--uid {pod['runAsUser']}" in (ROOT / "Dockerfile").read_text()
    assert own["readOnlyRootFilesystem"]
    assert not own["allowPrivilegeEscalation"]
    assert own["capabilities"] == {"drop": ["ALL"]}


def test_there_is_time_to_finish_what_runs():
    environment = settings_in({each["name"]: each["value"] for each in container()["env"]})
    before = int(container()["lifecycle"]["preStop"]["exec"]["command"][1])
    draining = int(environment["KERNELSCOPE_SHUTDOWN_SECONDS"])

    assert of_kind("Deployment")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > before + draining


def test_compose_drains_and_is_as_locked_up_as_a_pod():
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["kernelscope"]
    environment = settings_in(service["environment"])

    assert int(service["stop_grace_period"].removesuffix("s")) > int(environment["KERNELSCOPE_SHUTDOWN_SECONDS"])
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]


def test_proxies_let_through_what_the_service_accepts_and_no_more():
    nginx = (DEPLOY / "nginx.conf").read_text()
    megabytes = Settings().body_bytes // 2**20
    live_seconds = [int(each) for each in re.findall(r"proxy_read_timeout (\d+)s", nginx)]
    notes = of_kind("Ingress")["metadata"]["annotations"]

    assert f"client_max_body_size {megabytes}m;" in nginx
    assert notes["nginx.ingress.kubernetes.io/proxy-body-size"] == f"{megabytes}m"
    # The service ends a session that rests, with a reason; the proxy must not be quicker.
    assert max(live_seconds) > Settings().live_idle_seconds
    assert int(notes["nginx.ingress.kubernetes.io/proxy-read-timeout"]) > Settings().live_idle_seconds


@pytest.mark.anyio
async def test_dashboard_asks_for_metrics_that_there_are():
    dashboard = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text())
    metrics = Metrics()
    metrics.observe_pending(lambda: 0)
    metrics.observe_live_sessions(lambda: 0)
    exposed = (await metrics.expose()).decode()
    families = set(re.findall(r"^# TYPE (\S+)", exposed, re.MULTILINE))

    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"\b(?:kernelscope|process)_[a-z_]+", target["expr"])
    }
    assert len(asked) >= 8
    assert {name.removesuffix("_bucket") for name in asked} <= families


def test_the_image_holds_what_the_service_needs():
    copied = re.findall(r"^COPY (\S+) ", Path(ROOT / "Dockerfile").read_text(), re.MULTILINE)

    assert {"app", "model", "static", "templates", "requirements.lock"} <= set(copied)
