"""The environments from nothing to nothing, and what sdt and Terraform say of each other's work."""
import json

from harness import LocalAws, Workspace
from harness.fixtures import BACKEND, make_store, sdt, terraform
from harness.runner import Skip
from harness.steps import Story


def test_life_of_dev():
    """The steps of scripts/demo."""
    with LocalAws() as aws, Workspace() as workspace:
        Story(sdt().at(workspace, aws)).whole_life()


def test_staging_and_production_plan():
    with LocalAws() as aws, Workspace() as workspace:
        make_store(aws)
        engine = sdt().at(workspace, aws)
        for env, additions, expected in (
                ("staging", 232, {"instance_class": "db.t3.small", "allocated_storage": 50, "backup_retention_period": 14, "multi_az": False}),
                ("production", 239, {"instance_class": "db.r5.large", "allocated_storage": 100, "backup_retention_period": 30, "multi_az": True})):
            engine.run(f"envs/{env}", "init", "-input=false", BACKEND).expect()
            engine.run(f"envs/{env}", "validate").expect()
            result = engine.run(f"envs/{env}", "plan", "-input=false", "-out=plan.out").expect()
            assert f"Plan: {additions} to add, 0 to change, 0 to destroy." in result.out, result.out[-2000:]
            plan = json.loads(engine.run(f"envs/{env}", "show", "-json", "plan.out").expect().out)
            changes = {c["address"]: c["change"]["after"] for c in plan["resource_changes"]}
            database = changes["module.environment.module.rds.aws_db_instance.this"]
            assert {k: database[k] for k in expected} == expected, database
            gateways = sum(".aws_nat_gateway." in address for address in changes)
            replicas = sum(".aws_db_instance.replica" in address for address in changes)
            assert (gateways, replicas) == ((2, 1) if env == "production" else (1, 0)), (gateways, replicas)
            assert changes["module.environment.module.ecs.module.gateway[\"gateway\"].aws_ecs_service.this"]["desired_count"] == (2 if env == "production" else 1)


def test_validate_without_credentials():
    """validate of every root module needs neither AWS nor a backend."""
    with Workspace() as workspace:
        engine = sdt().at(workspace)
        for where in ("envs/dev", "envs/staging", "envs/production", "state"):
            engine.run(where, "init", "-input=false", "-backend=false").expect()
            engine.run(where, "validate").expect()


def test_terraform_agrees_with_what_sdt_applied():
    _agree(sdt(), terraform())


def test_sdt_agrees_with_what_terraform_applied():
    _agree(terraform(), sdt())


def _agree(first, second):
    if first.name == second.name:
        raise Skip("one engine stands for both")
    with LocalAws() as aws, Workspace() as workspace:
        make_store(aws)
        engine = first.at(workspace, aws)
        engine.run("envs/dev", "init", "-input=false", BACKEND).expect()
        engine.run("envs/dev", "apply", "-input=false", "-auto-approve").expect()
        workspace.forget_data("envs/dev")
        other = second.at(workspace, aws)
        other.run("envs/dev", "init", "-input=false", BACKEND).expect()
        result = other.run("envs/dev", "plan", "-input=false", "-detailed-exitcode")
        assert result.code == 0, f"{second.name} sees changes after {first.name}'s apply:\n{result.out[-6000:]}\n{result.err[-3000:]}"


def test_secrets_stay_secret():
    """Neither the database's password nor the state's contents appear in what is printed."""
    with LocalAws() as aws, Workspace() as workspace:
        make_store(aws)
        engine = sdt().at(workspace, aws)
        engine.run("envs/dev", "init", "-input=false", BACKEND).expect()
        target = "-target=module.environment.module.rds.random_password.admin"
        results = [engine.run("envs/dev", "apply", "-input=false", "-auto-approve", target, env={"TF_LOG": "trace"}).expect()]
        state = json.loads(engine.run("envs/dev", "state pull").expect().out)
        password = next(i["attributes"]["result"] for r in state["resources"] if r["type"] == "random_password" for i in r["instances"])
        results.append(engine.run("envs/dev", "plan", "-input=false").expect())
        results.append(engine.run("envs/dev", "show").expect())
        results.append(engine.run("envs/dev", "destroy", "-input=false", "-auto-approve", target).expect())
        for result in results:
            assert password not in result.out + result.err, f"the password is in the output of {result.command}"
