"""deploy/kubernetes: as the published schemas want it, hardened, of one piece with image and settings. No cluster runs it here."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from ops.process_commands import ROLES
from tests.support.documents import list_figures
from tools import write_reference

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "deploy" / "kubernetes").iterdir())
MANIFESTS: list[Any] = [each for path in FILES for each in yaml.safe_load_all(path.read_text())]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
RIGHTS = (
    "allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, readOnlyRootFilesystem: true"
)


def list_specs(*kinds: str) -> dict[str, Any]:
    """Return what stands under `spec` or `data`, by name."""
    found = [each for each in MANIFESTS if each["kind"] in kinds]
    return {each["metadata"]["name"]: each.get("spec") or each["data"] for each in found}


PODS: dict[str, Any] = {
    name: spec.get("jobTemplate", {"spec": spec})["spec"]["template"]
    for name, spec in list_specs("Deployment", "Job", "CronJob").items()
}


def list_selected(selector: Any) -> set[str]:
    """Return the pods that a selector means."""
    labels = selector.get("matchLabels", {}).items()
    rules = [(rule["key"], rule["values"]) for rule in selector.get("matchExpressions", [])]
    own = {name: pod["metadata"]["labels"] for name, pod in PODS.items()}
    return {
        name
        for name, each in own.items()
        if labels <= each.items() and all(each.get(key) in values for key, values in rules)
    }


@pytest.mark.parametrize("version", ["1.27", "1.34"])  # timeZone of a CronJob is from 1.27
def test_manifests_are_as_the_published_schemas_want_them(version: str) -> None:
    for each in MANIFESTS:
        kubernetes_validate.validate(each, version, strict=True)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(MANIFESTS[0] | {"spce": {}}, version, strict=True)


@pytest.mark.parametrize("name", PODS)
def test_a_pod_is_hardened_known_to_the_image_and_mounts_what_there_is(name: str) -> None:
    pod = PODS[name]["spec"]
    (container,) = pod["containers"]
    assert container["securityContext"] == yaml.safe_load(f"{{{RIGHTS}}}")
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["resources"]["limits"]["memory"]
    if name in {*ROLES, "migrate"}:
        assert container["args"] == COMPOSE[name]["command"]
    if name in ROLES:
        assert container["livenessProbe"]["exec"]["command"][-2:] == ["ops.healthcheck", name]
        grace_period = int(COMPOSE[name]["stop_grace_period"].removesuffix("s"))
        assert pod["terminationGracePeriodSeconds"] >= grace_period
    volumes = {each["name"]: each.get("persistentVolumeClaim", {}) for each in pod["volumes"]}
    assert {each["name"] for each in container["volumeMounts"]} == volumes.keys()
    claims = {claim["claimName"] for claim in volumes.values() if claim}
    assert claims <= list_specs("PersistentVolumeClaim").keys()


def test_the_front_is_asked_what_it_answers_without_web_and_ended_as_under_compose() -> None:
    (front,) = PODS["front"]["spec"]["containers"]
    assert front["livenessProbe"]["exec"]["command"] == COMPOSE["front"]["healthcheck"]["test"][1:]
    asked = front["readinessProbe"]["httpGet"]
    server = (ROOT / "docker" / "nginx.conf").read_text().split("server_name {HOSTS}")[1]
    assert f"location = {asked['path']} {{" in server
    assert asked["httpHeaders"][0]["value"] in server.partition(";")[0].split()
    assert "PUBLISHED_ORIGIN" in {each["name"] for each in front["env"]}


def test_the_settings_are_the_portals_and_secrets_are_files() -> None:
    values = list_specs("ConfigMap")["portal"]
    names = {name.removesuffix("_FILE") for name in values}
    assert names <= {row.name for row in write_reference.list_settings()}
    own = COMPOSE["web"]["environment"].items()
    assert {name for name, value in own if f"${{{name}:?" in str(value)} <= names
    files = {name: value.rpartition("/")[2] for name, value in values.items() if "_FILE" in name}
    assert files.items() <= {name: value.rpartition("/")[2] for name, value in own if value}.items()
    assert {"EVIDENCE_URL_FILE", "PUBLISHED_URL_FILE"} <= files.keys()
    secret = ("_KEY", "_KEYS", "_TOKEN", "E_URL", "S_URL", "L_URL")
    assert [name for name in values if name.endswith(secret)] == ["PORTAL_URL"]


def test_pods_are_entered_kept_found_and_scaled_by_rules_that_mean_them() -> None:
    policies = list_specs("NetworkPolicy")
    assert policies["nobody"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    meant = {name: list_selected(each["podSelector"]) for name, each in policies.items()}
    assert (meant["base"], meant["web"]) == (PODS.keys() - {"front"}, {"web"})
    assert meant["outside"] == {"web", "relay", "worker"}
    assert {name for name, each in policies.items() if "ingress" in each} == {"web", "front"}
    ((entry,),) = [each["from"] for each in policies["web"]["ingress"]]
    assert list_selected(entry["podSelector"]) == {"front"}
    budgets = [
        list_selected(each["selector"]) for each in list_specs("PodDisruptionBudget").values()
    ]
    assert set().union(*budgets) == {"web", "relay", "worker", "front"}
    for name, service in list_specs("Service").items():
        assert list_selected({"matchLabels": service["selector"]}) == {name}
    roles = list_specs("Deployment")
    assert roles["beat"]["replicas"] > 1  # of which one works
    assert "replicas" not in roles["worker"]  # else each apply undoes the scaling
    (metric,) = list_specs("HorizontalPodAutoscaler")["worker"]["metrics"]
    assert metric["external"]["metric"]["name"] in list_figures()
