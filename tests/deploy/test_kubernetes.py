"""deploy/kubernetes: as the published schemas want it, hardened, and of one piece with image, settings and compose file.

No cluster runs them here, and docs/operations/deploy.md says so.
"""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from ops.healthcheck import CHECKS
from ops.process_commands import ROLES
from portal import gunicorn
from tests.deploy.test_monitoring import list_figures
from tools import write_reference

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
MANIFESTS: list[dict[str, Any]] = [
    each for path in sorted(FOLDER.iterdir()) for each in yaml.safe_load_all(path.read_text())
]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
VERSIONS = ("1.27", "1.31", "1.34")  # timeZone of a CronJob is from 1.27


def name_of(manifest: dict[str, Any]) -> str:
    return f"{manifest['kind']}-{manifest['metadata']['name']}"


BY_NAME = {name_of(each): each for each in MANIFESTS}


def get_pod(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the template of its pods."""
    spec = manifest["spec"]
    template = (
        spec["jobTemplate"]["spec"]["template"] if "jobTemplate" in spec else spec["template"]
    )
    return dict(template)


PODS = {
    each["metadata"]["name"]: get_pod(each)
    for each in MANIFESTS
    if each["kind"] in {"Deployment", "Job", "CronJob"}
}


def list_selected(selector: dict[str, Any]) -> set[str]:
    """Return the pods that a selector means."""
    wanted = selector.get("matchLabels", {}).items()
    rules = selector.get("matchExpressions", [])
    return {
        name
        for name, pod in PODS.items()
        if wanted <= pod["metadata"]["labels"].items()
        and all(pod["metadata"]["labels"].get(rule["key"]) in rule["values"] for rule in rules)
    }


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", BY_NAME)
def test_a_manifest_is_as_the_published_schema_of_that_version(name: str, version: str) -> None:
    kubernetes_validate.validate(BY_NAME[name], version, strict=True)


def test_a_manifest_with_an_unknown_field_would_be_refused() -> None:
    wrong = BY_NAME["Deployment-web"] | {"spec": BY_NAME["Deployment-web"]["spec"] | {"replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("name", PODS)
def test_no_pod_has_more_rights_than_it_needs(name: str) -> None:
    spec = PODS[name]["spec"]
    (container,) = spec["containers"]
    assert spec["automountServiceAccountToken"] is spec["enableServiceLinks"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "memory" in container["resources"]["limits"]
    assert {"hostNetwork", "hostPID"} & spec.keys() == set()


@pytest.mark.parametrize("name", PODS)
def test_a_pod_is_what_the_image_knows_and_mounts_what_there_is(name: str) -> None:
    pod = PODS[name]["spec"]
    (container,) = pod["containers"]
    if name in {*ROLES, "migrate"}:
        assert container["args"] == COMPOSE["services"][name]["command"] == [name]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        if command := container.get(probe, {}).get("exec", {}).get("command"):
            assert (command[:3], command[3] in CHECKS) == (
                ["python", "-m", "ops.healthcheck"],
                True,
            )
    volumes = {each["name"]: each for each in pod["volumes"]}
    assert {each["name"] for each in container["volumeMounts"]} == volumes.keys()
    for each in volumes.values():
        if claim := each.get("persistentVolumeClaim"):
            assert f"PersistentVolumeClaim-{claim['claimName']}" in BY_NAME
    if name != "front":
        assert container["envFrom"] == [{"configMapRef": {"name": "portal"}}]
        assert pod["securityContext"]["runAsUser"] == 10001  # the image's


def test_each_role_of_the_image_runs_and_what_takes_time_ends_in_time() -> None:
    assert {*ROLES, "migrate", "front", "backup"} == PODS.keys()
    for name in ROLES:
        grace = int(COMPOSE["services"][name]["stop_grace_period"].removesuffix("s"))
        assert PODS[name]["spec"]["terminationGracePeriodSeconds"] >= grace
    beat = BY_NAME["Deployment-beat"]["spec"]
    assert (beat["replicas"], beat["strategy"]) == (1, {"type": "Recreate"})
    assert PODS["web"]["spec"]["terminationGracePeriodSeconds"] > 5 + gunicorn.graceful_timeout


def test_the_settings_are_the_portals_and_all_that_a_start_demands_is_set() -> None:
    values = BY_NAME["ConfigMap-portal"]["data"]
    names = {name.removesuffix("_FILE") for name in values}
    assert names - {row.name for row in write_reference.list_settings()} == set()
    text = (ROOT / "docker-compose.yml").read_text()
    demanded = {
        name for name in COMPOSE["services"]["web"]["environment"] if f"{name}: ${{{name}:?" in text
    }
    assert demanded | {"DATABASE_URL", "REDIS_URL", "METRICS_TOKEN"} <= names
    assert {name for name in values if name.endswith(("_KEY", "_KEYS", "_TOKEN"))} == set()
    for name, value in values.items():
        if name.endswith("_FILE"):
            assert value == f"/run/secrets/portal/{name.removesuffix('_FILE')}"
    assert values["TRUSTED_PROXIES"] == "2"


def test_nobody_speaks_to_anybody_but_by_a_rule_that_names_pods_there_are() -> None:
    policies = {
        name: each["spec"] for name, each in BY_NAME.items() if each["kind"] == "NetworkPolicy"
    }
    assert policies["NetworkPolicy-nobody"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }
    entered = {
        pod: policy["ingress"]
        for policy in policies.values()
        for pod in list_selected(policy["podSelector"])
        if "ingress" in policy
    }
    assert entered.keys() == {"web", "front"}
    (rule,) = entered["web"]
    assert rule["from"] == [{"podSelector": {"matchLabels": {"app": "front"}}}]
    assert list_selected(policies["NetworkPolicy-base"]["podSelector"]) == PODS.keys() - {"front"}
    assert list_selected(policies["NetworkPolicy-outside"]["podSelector"]) == {
        "web",
        "relay",
        "worker",
    }


def test_what_can_be_evicted_leaves_one_and_what_is_asked_is_found() -> None:
    budgets = [each["spec"] for each in MANIFESTS if each["kind"] == "PodDisruptionBudget"]
    kept = set().union(*(list_selected(each["selector"]) for each in budgets))
    assert kept == {"web", "relay", "worker", "front"}
    for name in ("web", "front"):
        service = BY_NAME[f"Service-{name}"]["spec"]
        assert list_selected({"matchLabels": service["selector"]}) == {name}
        (port,) = PODS[name]["spec"]["containers"][0]["ports"]
        assert service["ports"][0]["targetPort"] == port["name"]
    (front,) = PODS["front"]["spec"]["containers"]
    port = BY_NAME["Service-web"]["spec"]["ports"][0]["port"]
    assert {"name": "UPSTREAM", "value": f"web:{port}"} in front["env"]


def test_workers_follow_a_figure_that_the_portal_tells() -> None:
    spec = BY_NAME["HorizontalPodAutoscaler-worker"]["spec"]
    (metric,) = spec["metrics"]
    assert metric["external"]["metric"]["name"] in list_figures()
    assert (
        "replicas" not in BY_NAME["Deployment-worker"]["spec"]
    )  # else each apply undoes the scaling
