"""Says what exists in the account: kind -> sorted descriptions without generated identifiers.

Two accounts that were built the same way give the same text, whatever ids AWS handed out. What every account has from
the start (default VPC with all that hangs on it, managed policies) is left out.
"""
import json
import re

import boto3

REGION = "eu-west-1"
GENERATED = re.compile(r"\b(vpc|subnet|sg|sgr|rtb|rtbassoc|igw|nat|eipalloc|eipassoc|eni|acl|fs|fsap|fsmt|db|dopt)-[0-9a-zA-Z]{8,}\b"
                       # What follows a name_prefix, and creation tokens.
                       r"|\b([a-z]+)-[0-9a-f]{26,}\b")


_clients = {}
_endpoint = None


def client(service):
    if service not in _clients:
        _clients[service] = boto3.client(service, region_name=REGION, endpoint_url=_endpoint,
                                         aws_access_key_id="inventory", aws_secret_access_key="inventory")
    return _clients[service]


def pages(api, operation, key, **arguments):
    if not api.can_paginate(operation):
        return getattr(api, operation)(**arguments)[key]
    return [item for page in api.get_paginator(operation).paginate(**arguments) for item in page[key]]


def tags(item):
    found = item.get("Tags") or item.get("tags") or item.get("TagList") or []
    return sorted(f"{t.get('Key') or t.get('key')}={t.get('Value') or t.get('value')}" for t in found)


def describe(*parts):
    return GENERATED.sub(lambda m: f"{m[1] or m[2]}-*", " ".join(json.dumps(p, sort_keys=True, default=str) for p in parts))


def ec2(out):
    api = client("ec2")
    default = {v["VpcId"] for v in api.describe_vpcs()["Vpcs"] if v["IsDefault"]}
    own = lambda item: item.get("VpcId") not in default
    out["vpc"] = [describe(v["CidrBlock"], v["InstanceTenancy"], tags(v)) for v in pages(api, "describe_vpcs", "Vpcs") if own(v)]
    out["subnet"] = [describe(s["CidrBlock"], s["AvailabilityZone"], s["MapPublicIpOnLaunch"], tags(s))
                     for s in pages(api, "describe_subnets", "Subnets") if own(s)]
    out["internet gateway"] = [describe(len(g["Attachments"]), tags(g)) for g in pages(api, "describe_internet_gateways", "InternetGateways")
                               if not any(a["VpcId"] in default for a in g["Attachments"])]
    out["elastic ip"] = [describe("AssociationId" in a, tags(a)) for a in api.describe_addresses()["Addresses"]]
    out["nat gateway"] = [describe(n["State"], tags(n)) for n in pages(api, "describe_nat_gateways", "NatGateways") if n["State"] != "deleted"]
    out["route table"] = [
        describe(tags(t), sorted(describe(r.get("DestinationCidrBlock"), "NatGatewayId" in r, r.get("GatewayId", "")[:3]) for r in t["Routes"]),
                 [a.get("Main", False) for a in t["Associations"]])
        for t in pages(api, "describe_route_tables", "RouteTables") if own(t)]
    groups = {g["GroupId"]: g for g in pages(api, "describe_security_groups", "SecurityGroups") if own(g)}
    out["security group"] = [describe(g["GroupName"], g["Description"], tags(g)) for g in groups.values()]
    out["security group rule"] = [
        describe(groups[r["GroupId"]]["GroupName"], r["IsEgress"], r["IpProtocol"], r.get("FromPort"), r.get("ToPort"), r.get("CidrIpv4"),
                 "ReferencedGroupInfo" in r, r.get("Description"), tags(r))
        for r in pages(api, "describe_security_group_rules", "SecurityGroupRules") if r["GroupId"] in groups]
    # AWS refuses to delete a VPC with interfaces in it; moto leaves those of NAT gateways behind.
    vpcs = {v["VpcId"] for v in pages(api, "describe_vpcs", "Vpcs")} - default
    out["network interface"] = [describe(i["InterfaceType"], i["Description"])
                                for i in pages(api, "describe_network_interfaces", "NetworkInterfaces") if i.get("VpcId") in vpcs]


def elb(out):
    api = client("elbv2")
    balancers = pages(api, "describe_load_balancers", "LoadBalancers")
    out["load balancer"] = [describe(b["LoadBalancerName"], b["Type"], b.get("Scheme", "internet-facing")) for b in balancers]
    out["listener"] = [describe(l["Port"], l["Protocol"], [a["Type"] for a in l["DefaultActions"]])
                       for b in balancers for l in pages(api, "describe_listeners", "Listeners", LoadBalancerArn=b["LoadBalancerArn"])]
    groups = pages(api, "describe_target_groups", "TargetGroups")
    out["target group"] = [describe(g["Protocol"], g["Port"], g["TargetType"], len(g["LoadBalancerArns"]),
                                    tags(api.describe_tags(ResourceArns=[g["TargetGroupArn"]])["TagDescriptions"][0])) for g in groups]


def ecs(out):
    api = client("ecs")
    clusters = [c for c in pages(api, "list_clusters", "clusterArns") if api.describe_clusters(clusters=[c])["clusters"][0]["status"] == "ACTIVE"]
    out["ecs cluster"] = [describe(c.rsplit("/", 1)[1]) for c in clusters]
    services = [(c, s) for c in clusters for s in pages(api, "list_services", "serviceArns", cluster=c)]
    found = [api.describe_services(cluster=c, services=[s], include=["TAGS"])["services"][0] for c, s in services]
    out["ecs service"] = [describe(s["serviceName"], s["desiredCount"], len(s["loadBalancers"]), tags(s)) for s in found if s["status"] != "INACTIVE"]
    definitions = pages(api, "list_task_definitions", "taskDefinitionArns", status="ACTIVE")
    out["task definition"] = [describe(d.rsplit("/", 1)[1].rsplit(":", 1)[0]) for d in definitions]


def rds(out):
    api = client("rds")
    out["database"] = [describe(d["DBInstanceIdentifier"], d["DBInstanceClass"], d["AllocatedStorage"], d["MultiAZ"], tags(d))
                       for d in pages(api, "describe_db_instances", "DBInstances")]
    out["database subnet group"] = [describe(g["DBSubnetGroupName"], len(g["Subnets"])) for g in pages(api, "describe_db_subnet_groups", "DBSubnetGroups")]
    out["database snapshot"] = [describe(s["DBSnapshotIdentifier"]) for s in pages(api, "describe_db_snapshots", "DBSnapshots")
                                if s.get("SnapshotType") != "automated"]


def efs(out):
    api = client("efs")
    systems = pages(api, "describe_file_systems", "FileSystems")
    out["file system"] = [describe(s["CreationToken"], s["Encrypted"], tags(s)) for s in systems]
    out["mount target"] = [describe(s["CreationToken"], m["AvailabilityZoneName"]) for s in systems
                           for m in api.describe_mount_targets(FileSystemId=s["FileSystemId"])["MountTargets"]]
    out["access point"] = [describe(p["RootDirectory"]["Path"], tags(p)) for p in pages(api, "describe_access_points", "AccessPoints")]


def rest(out):
    iam = client("iam")
    roles = pages(iam, "list_roles", "Roles")
    out["role"] = [describe(r["RoleName"], r["AssumeRolePolicyDocument"], pages(iam, "list_role_policies", "PolicyNames", RoleName=r["RoleName"]),
                            [p["PolicyName"] for p in pages(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=r["RoleName"])],
                            tags(iam.list_role_tags(RoleName=r["RoleName"]))) for r in roles]
    out["log group"] = [describe(g["logGroupName"], g.get("retentionInDays")) for g in pages(client("logs"), "describe_log_groups", "logGroups")]
    secrets = client("secretsmanager")
    out["secret"] = [describe(s["Name"], tags(s), len(s.get("SecretVersionsToStages", {}))) for s in pages(secrets, "list_secrets", "SecretList")]
    s3 = client("s3")
    out["bucket"] = [describe(b["Name"]) for b in s3.list_buckets()["Buckets"]]
    keys = [(b["Name"], o["Key"]) for b in s3.list_buckets()["Buckets"] for o in s3.list_objects_v2(Bucket=b["Name"]).get("Contents", [])]
    kind = lambda key: "lock" if key.endswith(".tflock") else "journal" if ".sdt-journal/" in key else "object"
    for bucket, key in keys:
        out.setdefault(kind(key), []).append(describe(bucket, key))
    dynamodb = client("dynamodb")
    tables = pages(dynamodb, "list_tables", "TableNames")
    out["table"] = [describe(t) for t in tables]
    out.setdefault("lock", []).extend(describe(i["LockID"]["S"], i["Info"]["S"]) for t in tables if t.endswith("locks")
                                      for i in dynamodb.scan(TableName=t)["Items"] if "Info" in i)


def scaling(out):
    api = client("application-autoscaling")
    out["scalable target"] = [describe(t["ResourceId"], t["MinCapacity"], t["MaxCapacity"])
                              for t in pages(api, "describe_scalable_targets", "ScalableTargets", ServiceNamespace="ecs")]
    out["scaling policy"] = [describe(p["ResourceId"], p["PolicyName"])
                             for p in pages(api, "describe_scaling_policies", "ScalingPolicies", ServiceNamespace="ecs")]


def discovery(out):
    api = client("servicediscovery")
    out["namespace"] = [describe(n["Name"], n["Type"]) for n in pages(api, "list_namespaces", "Namespaces")]
    out["discovery service"] = [describe(s["Name"]) for s in pages(api, "list_services", "Services")]


def watching(out):
    # Those that scaling policies make for themselves go with them.
    own = lambda name: not name.startswith("TargetTracking-")
    out["alarm"] = [describe(a["AlarmName"], a["Threshold"], a["AlarmActions"])
                    for a in pages(client("cloudwatch"), "describe_alarms", "MetricAlarms") if own(a["AlarmName"])]
    sns = client("sns")
    out["topic"] = [describe(t["TopicArn"]) for t in pages(sns, "list_topics", "Topics")]
    out["subscription"] = [describe(s["TopicArn"], s["Protocol"], s["Endpoint"]) for s in pages(sns, "list_subscriptions", "Subscriptions")]


def groups(out):
    api = client("rds")
    out["parameter group"] = [describe(g["DBParameterGroupName"], g["DBParameterGroupFamily"])
                              for g in pages(api, "describe_db_parameter_groups", "DBParameterGroups") if not g["DBParameterGroupName"].startswith("default")]
    out["event subscription"] = [describe(s["CustSubscriptionId"]) for s in pages(api, "describe_event_subscriptions", "EventSubscriptionsList")]


def make_store(endpoint, bucket, table):
    """Makes bucket and lock table in the AWS at `endpoint`: here the clients are loaded already."""
    global _endpoint
    _endpoint = endpoint
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    client("dynamodb").create_table(TableName=table, BillingMode="PAY_PER_REQUEST",
                                    AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
                                    KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}])


def take(endpoint):
    """Returns the inventory of the AWS at `endpoint`."""
    global _endpoint
    _endpoint = endpoint
    out = {}
    for part in (ec2, elb, ecs, rds, efs, rest, scaling, discovery, watching, groups):
        part(out)
    return {kind: sorted(items) for kind, items in out.items() if items}
