"""deploy/kubernetes: as the published schemas want it, hardened, and of one piece with image and settings. No cluster runs it here."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from ops.healthcheck import CHECKS
from ops.process_commands import ROLES
from tests.deploy.test_monitoring import list_figures
from tools import write_reference

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "deploy" / "kubernetes").iterdir())
MANIFESTS: list[Any] = [each for path in FILES for each in yaml.safe_load_all(path.read_text())]
BY_NAME = {f"{each['kind']} {each['metadata']['name']}": each for each in MANIFESTS}
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
PODS: dict[str, Any] = {
    each["metadata"]["name"]: each["spec"].get("jobTemplate", each)["spec"]["template"]
    for each in MANIFESTS
    if each["kind"] in {"Deployment", "Job", "CronJob"}
}
RIGHTS = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def list_specs(kind: str) -> dict[str, Any]:
    return {each["metadata"]["name"]: each["spec"] for each in MANIFESTS if each["kind"] == kind}


def list_selected(selector: Any) -> set[str]:
    """Return the pods that a selector means."""
    labels = selector.get("matchLabels", {}).items()
    rules = selector.get("matchExpressions", [])
    return {
        name
        for name, pod in PODS.items()
        if labels <= pod["metadata"]["labels"].items()
        and all(pod["metadata"]["labels"].get(rule["key"]) in rule["values"] for rule in rules)
    }


@pytest.mark.parametrize("version", ["1.27", "1.34"])  # timeZone of a CronJob is from 1.27
def test_manifests_are_as_the_published_schemas_want_them(version: str) -> None:
    for each in MANIFESTS:
        kubernetes_validate.validate(each, version, strict=True)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(BY_NAME["Job migrate"] | {"spce": {}}, version, strict=True)


@pytest.mark.parametrize("name", PODS)
def test_a_pod_is_hardened_known_to_the_image_and_mounts_what_there_is(name: str) -> None:
    pod = PODS[name]["spec"]
    (container,) = pod["containers"]
    assert (container["securityContext"], pod["automountServiceAccountToken"]) == (RIGHTS, False)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["resources"]["limits"]["memory"]
    if name in {*ROLES, "migrate"}:
        assert container["args"] == COMPOSE[name]["command"]
    if name in ROLES:
        assert container["livenessProbe"]["exec"]["command"][-2:] == ["ops.healthcheck", name]
        assert name in CHECKS
        assert f"{pod['terminationGracePeriodSeconds']}s" >= COMPOSE[name]["stop_grace_period"]
    volumes = {each["name"]: each.get("persistentVolumeClaim") for each in pod["volumes"]}
    assert {each["name"] for each in container["volumeMounts"]} == volumes.keys()
    claims = {claim["claimName"] for claim in volumes.values() if claim}
    assert claims <= list_specs("PersistentVolumeClaim").keys()


def test_the_settings_are_the_portals_and_what_a_start_demands_is_set_secrets_as_files() -> None:
    values = BY_NAME["ConfigMap portal"]["data"]
    names = {name.removesuffix("_FILE") for name in values}
    assert names - {row.name for row in write_reference.list_settings()} == set()
    own = COMPOSE["web"]["environment"]
    demanded = {name for name, value in own.items() if f"${{{name}:?" in str(value)}
    assert demanded | {"DATABASE_URL", "REDIS_URL", "METRICS_TOKEN"} <= names
    assert not [
        name
        for name in values
        if name.endswith(("_KEY", "_KEYS", "_TOKEN", "_URL")) and name != "PORTAL_URL"
    ]


def test_pods_are_entered_kept_and_found_by_rules_that_mean_them() -> None:
    policies = list_specs("NetworkPolicy")
    assert policies["nobody"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    meant = {name: list_selected(each["podSelector"]) for name, each in policies.items()}
    assert meant["base"] == PODS.keys() - {"front"}
    assert meant["outside"] == {"web", "relay", "worker"}
    entered = {name for name, each in policies.items() if "ingress" in each}
    assert set().union(*(meant[name] for name in entered)) == {"web", "front"}
    assert policies["web"]["ingress"][0]["from"] == [
        {"podSelector": {"matchLabels": {"app": "front"}}}
    ]
    budgets = list_specs("PodDisruptionBudget").values()
    assert set().union(*(list_selected(each["selector"]) for each in budgets)) == {
        "web",
        "relay",
        "worker",
        "front",
    }
    for name, service in list_specs("Service").items():
        assert list_selected({"matchLabels": service["selector"]}) == {name}
    beat, worker = BY_NAME["Deployment beat"]["spec"], BY_NAME["Deployment worker"]["spec"]
    assert (beat["replicas"], beat["strategy"]["type"]) == (1, "Recreate")
    assert "replicas" not in worker  # else each apply undoes the scaling
    (metric,) = list_specs("HorizontalPodAutoscaler")["worker"]["metrics"]
    assert metric["external"]["metric"]["name"] in list_figures()
