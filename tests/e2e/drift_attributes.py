"""Every attribute that AWS lets someone change behind our back shows as drift, on the object and under its name.

One root module with one object of each type (or more, where changes exclude each other), one apply, all CHANGES made
with boto3, one `drift`. A type whose objects cannot be changed, only removed, has the change "deleted".
"""
import json
import re

from harness import LocalAws, Workspace
from harness.fixtures import make_store, root_module, sdt

MODULE = """
resource "aws_vpc" "one" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = false
  tags                 = { Name = "one" }
}

resource "aws_subnet" "one" {
  count             = 3
  vpc_id            = aws_vpc.one.id
  cidr_block        = cidrsubnet("10.0.0.0/16", 8, count.index)
  availability_zone = "eu-west-1${["a", "b", "c"][count.index]}"
  tags              = { Name = "one" }
}

resource "aws_internet_gateway" "one" {
  vpc_id = aws_vpc.one.id
  tags   = { Name = "one" }
}

resource "aws_internet_gateway" "detached" {
  vpc_id = aws_vpc.two.id
}

resource "aws_vpc" "two" {
  cidr_block = "10.1.0.0/16"
}

resource "aws_eip" "one" {
  domain = "vpc"
  tags   = { Name = "one" }
}

resource "aws_nat_gateway" "one" {
  subnet_id         = aws_subnet.one[0].id
  connectivity_type = "private"
  tags              = { Name = "one" }
}

resource "aws_route_table" "one" {
  vpc_id = aws_vpc.one.id
  tags   = { Name = "one" }

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.one.id
  }
}

resource "aws_route_table" "two" {
  vpc_id = aws_vpc.one.id
}

resource "aws_route" "one" {
  route_table_id         = aws_route_table.two.id
  destination_cidr_block = "10.200.0.0/16"
  gateway_id             = aws_internet_gateway.one.id
}

resource "aws_route_table_association" "one" {
  route_table_id = aws_route_table.one.id
  subnet_id      = aws_subnet.one[0].id
}

resource "aws_security_group" "one" {
  name   = "one"
  vpc_id = aws_vpc.one.id
  tags   = { Name = "one" }

  ingress {
    from_port   = 80
    to_port     = 80
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }

  egress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_security_group" "two" {
  name   = "two"
  vpc_id = aws_vpc.one.id
}

resource "aws_vpc_security_group_ingress_rule" "one" {
  security_group_id = aws_security_group.two.id
  description       = "one"
  cidr_ipv4         = "10.0.0.0/8"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  tags              = { Name = "one" }
}

resource "aws_vpc_security_group_egress_rule" "one" {
  security_group_id = aws_security_group.two.id
  description       = "one"
  cidr_ipv4         = "10.0.0.0/8"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  tags              = { Name = "one" }
}

resource "aws_lb" "one" {
  name            = "one"
  internal        = true
  subnets         = [aws_subnet.one[0].id, aws_subnet.one[1].id]
  security_groups = [aws_security_group.two.id]
  tags            = { Name = "one" }
}

resource "aws_lb_target_group" "one" {
  count    = 2
  name     = "one-${count.index}"
  vpc_id   = aws_vpc.one.id
  port     = 80
  protocol = "HTTP"
  tags     = { Name = "one" }
}

resource "aws_lb_listener" "one" {
  load_balancer_arn = aws_lb.one.arn
  port              = 80
  protocol          = "HTTP"
  tags              = { Name = "one" }

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.one[0].arn
  }
}

resource "aws_ecs_cluster" "one" {
  name = "one"
  tags = { Name = "one" }

  setting {
    name  = "containerInsights"
    value = "disabled"
  }
}

resource "aws_ecs_task_definition" "one" {
  count                 = 2
  family                = "one-${count.index}"
  network_mode          = "awsvpc"
  container_definitions = jsonencode([{ name = "one", image = "one", memory = 128 }])
  tags                  = { Name = "one" }
}

resource "aws_ecs_service" "one" {
  name            = "one"
  cluster         = aws_ecs_cluster.one.id
  task_definition = aws_ecs_task_definition.one[0].arn
  desired_count   = 1
  tags            = { Name = "one" }

  network_configuration {
    subnets = [aws_subnet.one[0].id]
  }
}

resource "aws_db_subnet_group" "one" {
  name        = "one"
  description = "one"
  subnet_ids  = [aws_subnet.one[0].id, aws_subnet.one[1].id]
  tags        = { Name = "one" }
}

resource "aws_db_instance" "one" {
  identifier              = "one"
  engine                  = "postgres"
  engine_version          = "16.3"
  instance_class          = "db.t3.micro"
  allocated_storage       = 20
  storage_type            = "gp2"
  username                = "one"
  password                = "not-a-secret"
  backup_retention_period = 1
  backup_window           = "02:00-03:00"
  maintenance_window      = "sun:03:30-sun:04:30"
  vpc_security_group_ids  = [aws_security_group.two.id]
  db_subnet_group_name    = aws_db_subnet_group.one.name
  skip_final_snapshot     = true
  tags                    = { Name = "one" }
}

resource "aws_efs_file_system" "one" {
  creation_token = "one"
  tags           = { Name = "one" }

  lifecycle_policy {
    transition_to_ia = "AFTER_30_DAYS"
  }
}

resource "aws_efs_mount_target" "one" {
  file_system_id  = aws_efs_file_system.one.id
  subnet_id       = aws_subnet.one[0].id
  security_groups = [aws_security_group.two.id]
}

resource "aws_efs_access_point" "one" {
  file_system_id = aws_efs_file_system.one.id
  tags           = { Name = "one" }
}

resource "aws_iam_role" "one" {
  name        = "one"
  description = "one"
  tags        = { Name = "one" }

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "one" {
  name   = "one"
  role   = aws_iam_role.one.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "*" }] })
}

resource "aws_iam_role_policy_attachment" "one" {
  role       = aws_iam_role.one.name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_cloudwatch_log_group" "one" {
  name              = "one"
  retention_in_days = 7
  tags              = { Name = "one" }
}

resource "aws_secretsmanager_secret" "one" {
  name        = "one"
  description = "one"
  tags        = { Name = "one" }
}

resource "aws_secretsmanager_secret_version" "one" {
  secret_id     = aws_secretsmanager_secret.one.id
  secret_string = "one"
}

resource "aws_s3_bucket" "one" {
  bucket = "one-of-the-drift-test"
  tags   = { Name = "one" }
}

resource "aws_s3_bucket_versioning" "one" {
  bucket = aws_s3_bucket.one.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "one" {
  bucket = aws_s3_bucket.one.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "one" {
  bucket                  = aws_s3_bucket.one.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_dynamodb_table" "one" {
  name         = "one"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  tags         = { Name = "one" }

  attribute {
    name = "id"
    type = "S"
  }
}
"""

TAG = '[{"Key": "Name", "Value": "other"}]'
EC2_TAG = 'ec2.create_tags(Resources=[me["id"]], Tags=%s)' % TAG

# Address, the attributes that must show, and what someone did: Python with boto3 clients and `me`, the object's attributes in the
# state, `of(address)`, another's.
CHANGES = [
    ("aws_vpc.one", "enable_dns_hostnames", 'ec2.modify_vpc_attribute(VpcId=me["id"], EnableDnsHostnames={"Value": True})'),
    ("aws_vpc.one", "enable_network_address_usage_metrics", 'ec2.modify_vpc_attribute(VpcId=me["id"], EnableNetworkAddressUsageMetrics={"Value": True})'),
    ("aws_vpc.one", "tags", EC2_TAG),
    ("aws_vpc.two", "enable_dns_support", 'ec2.modify_vpc_attribute(VpcId=me["id"], EnableDnsSupport={"Value": False})'),
    ("aws_subnet.one[1]", "map_public_ip_on_launch", 'ec2.modify_subnet_attribute(SubnetId=me["id"], MapPublicIpOnLaunch={"Value": True})'),
    ("aws_subnet.one[1]", "assign_ipv6_address_on_creation", 'ec2.modify_subnet_attribute(SubnetId=me["id"], AssignIpv6AddressOnCreation={"Value": True})'),
    ("aws_subnet.one[1]", "tags", EC2_TAG),
    ("aws_internet_gateway.one", "tags", EC2_TAG),
    ("aws_internet_gateway.detached", "vpc_id", 'ec2.detach_internet_gateway(InternetGatewayId=me["id"], VpcId=me["vpc_id"])'),
    ("aws_eip.one", "tags", EC2_TAG),
    ("aws_nat_gateway.one", "tags", EC2_TAG),
    ("aws_route_table.one", "tags", EC2_TAG),
    ("aws_route_table.one", "route", 'ec2.create_route(RouteTableId=me["id"], DestinationCidrBlock="10.99.0.0/16", GatewayId=of("aws_internet_gateway.one")["id"])'),
    ("aws_route.one", "deleted", 'ec2.delete_route(RouteTableId=me["route_table_id"], DestinationCidrBlock="10.200.0.0/16")'),
    ("aws_route_table_association.one", "deleted", 'ec2.disassociate_route_table(AssociationId=me["id"])'),
    ("aws_security_group.one", "ingress", 'ec2.authorize_security_group_ingress(GroupId=me["id"], IpProtocol="tcp", FromPort=81, ToPort=81, CidrIp="10.0.0.0/8")'),
    ("aws_security_group.one", "egress", 'ec2.authorize_security_group_egress(GroupId=me["id"], IpPermissions=[{"IpProtocol": "tcp", "FromPort": 81, "ToPort": 81, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])'),
    ("aws_security_group.one", "tags", EC2_TAG),
    ("aws_vpc_security_group_ingress_rule.one", "description from_port to_port cidr_ipv4",
     'ec2.modify_security_group_rules(GroupId=me["security_group_id"], SecurityGroupRules=[{"SecurityGroupRuleId": me["security_group_rule_id"], '
     '"SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 90, "ToPort": 91, "CidrIpv4": "10.1.0.0/16", "Description": "other"}}])'),
    ("aws_vpc_security_group_egress_rule.one", "tags", 'ec2.create_tags(Resources=[me["security_group_rule_id"]], Tags=%s)' % TAG),
    ("aws_lb.one", "idle_timeout enable_deletion_protection drop_invalid_header_fields enable_http2",
     'elb.modify_load_balancer_attributes(LoadBalancerArn=me["arn"], Attributes=[{"Key": k, "Value": v} for k, v in {'
     '"idle_timeout.timeout_seconds": "90", "deletion_protection.enabled": "true", '
     '"routing.http.drop_invalid_header_fields.enabled": "true", "routing.http2.enabled": "false"}.items()])'),
    ("aws_lb.one", "security_groups", 'elb.set_security_groups(LoadBalancerArn=me["arn"], SecurityGroups=[of("aws_security_group.one")["id"]])'),
    ("aws_lb.one", "subnets", 'elb.set_subnets(LoadBalancerArn=me["arn"], Subnets=[of("aws_subnet.one[1]")["id"], of("aws_subnet.one[2]")["id"]])'),
    ("aws_lb.one", "tags", 'elb.add_tags(ResourceArns=[me["arn"]], Tags=%s)' % TAG),
    ("aws_lb_target_group.one[0]", "health_check", 'elb.modify_target_group(TargetGroupArn=me["arn"], HealthCheckPath="/other", HealthCheckIntervalSeconds=60, '
     'HealthCheckTimeoutSeconds=7, HealthyThresholdCount=4, UnhealthyThresholdCount=4, Matcher={"HttpCode": "204"})'),
    ("aws_lb_target_group.one[0]", "deregistration_delay slow_start load_balancing_algorithm_type stickiness",
     'elb.modify_target_group_attributes(TargetGroupArn=me["arn"], Attributes=[{"Key": k, "Value": v} for k, v in {'
     '"deregistration_delay.timeout_seconds": "60", "slow_start.duration_seconds": "60", "load_balancing.algorithm.type": "least_outstanding_requests", '
     '"stickiness.enabled": "true", "stickiness.type": "lb_cookie", "stickiness.lb_cookie.duration_seconds": "60"}.items()])'),
    ("aws_lb_target_group.one[0]", "tags", 'elb.add_tags(ResourceArns=[me["arn"]], Tags=%s)' % TAG),
    ("aws_lb_listener.one", "port", 'elb.modify_listener(ListenerArn=me["arn"], Port=81)'),
    ("aws_lb_listener.one", "default_action", 'elb.modify_listener(ListenerArn=me["arn"], DefaultActions=[{"Type": "forward", "TargetGroupArn": of("aws_lb_target_group.one[1]")["arn"]}])'),
    ("aws_lb_listener.one", "tags", 'elb.add_tags(ResourceArns=[me["arn"]], Tags=%s)' % TAG),
    ("aws_ecs_cluster.one", "setting", 'ecs.update_cluster(cluster="one", settings=[{"name": "containerInsights", "value": "enabled"}])'),
    ("aws_ecs_cluster.one", "tags", 'ecs.tag_resource(resourceArn=me["arn"], tags=[{"key": "Name", "value": "other"}])'),
    ("aws_ecs_task_definition.one[0]", "tags", 'ecs.tag_resource(resourceArn=me["arn"], tags=[{"key": "Name", "value": "other"}])'),
    ("aws_ecs_task_definition.one[1]", "deleted", 'ecs.deregister_task_definition(taskDefinition=me["arn"])'),
    ("aws_ecs_service.one", "tags", 'ecs.tag_resource(resourceArn=me["id"], tags=[{"key": "Name", "value": "other"}])'),
    ("aws_ecs_service.one", "desired_count", 'ecs.update_service(cluster="one", service="one", desiredCount=3)'),
    ("aws_ecs_service.one", "network_configuration", 'ecs.update_service(cluster="one", service="one", networkConfiguration={"awsvpcConfiguration": {"subnets": [of("aws_subnet.one[1]")["id"]]}})'),
    ("aws_ecs_service.one", "enable_execute_command enable_ecs_managed_tags", 'ecs.update_service(cluster="one", service="one", enableExecuteCommand=True, enableECSManagedTags=True)'),
    ("aws_db_subnet_group.one", "description subnet_ids", 'rds.modify_db_subnet_group(DBSubnetGroupName="one", DBSubnetGroupDescription="other", '
     'SubnetIds=[of("aws_subnet.one[1]")["id"], of("aws_subnet.one[2]")["id"]])'),
    ("aws_db_subnet_group.one", "tags", 'rds.add_tags_to_resource(ResourceName=me["arn"], Tags=%s)' % TAG),
    ("aws_db_instance.one", "instance_class allocated_storage storage_type iops multi_az backup_retention_period backup_window maintenance_window "
     "copy_tags_to_snapshot deletion_protection auto_minor_version_upgrade iam_database_authentication_enabled publicly_accessible "
     "max_allocated_storage engine_version vpc_security_group_ids",
     'rds.modify_db_instance(DBInstanceIdentifier="one", ApplyImmediately=True, DBInstanceClass="db.t3.small", AllocatedStorage=40, StorageType="io1", Iops=1000, '
     'MultiAZ=True, BackupRetentionPeriod=3, PreferredBackupWindow="05:00-06:00", PreferredMaintenanceWindow="mon:03:30-mon:04:30", '
     'CopyTagsToSnapshot=True, DeletionProtection=True, AutoMinorVersionUpgrade=False, EnableIAMDatabaseAuthentication=True, PubliclyAccessible=True, '
     'MaxAllocatedStorage=100, EngineVersion="16.4", VpcSecurityGroupIds=[of("aws_security_group.one")["id"]])'),
    ("aws_db_instance.one", "tags", 'rds.add_tags_to_resource(ResourceName=me["arn"], Tags=%s)' % TAG),
    ("aws_efs_file_system.one", "lifecycle_policy", 'efs.put_lifecycle_configuration(FileSystemId=me["id"], LifecyclePolicies=[{"TransitionToIA": "AFTER_7_DAYS"}])'),
    ("aws_efs_file_system.one", "tags", 'efs.tag_resource(ResourceId=me["id"], Tags=%s)' % TAG),
    ("aws_efs_mount_target.one", "security_groups", 'efs.modify_mount_target_security_groups(MountTargetId=me["id"], SecurityGroups=[of("aws_security_group.one")["id"]])'),
    ("aws_efs_access_point.one", "tags", 'efs.tag_resource(ResourceId=me["id"], Tags=%s)' % TAG),
    ("aws_iam_role.one", "description max_session_duration", 'iam.update_role(RoleName="one", Description="other", MaxSessionDuration=7200)'),
    ("aws_iam_role.one", "assume_role_policy", 'iam.update_assume_role_policy(RoleName="one", PolicyDocument=me["assume_role_policy"].replace("ecs-tasks", "ec2"))'),
    ("aws_iam_role.one", "permissions_boundary", 'iam.put_role_permissions_boundary(RoleName="one", PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess")'),
    ("aws_iam_role.one", "tags", 'iam.tag_role(RoleName="one", Tags=%s)' % TAG),
    ("aws_iam_role_policy.one", "policy", 'iam.put_role_policy(RoleName="one", PolicyName="one", PolicyDocument=me["policy"].replace("GetObject", "PutObject"))'),
    ("aws_iam_role_policy_attachment.one", "deleted", 'iam.detach_role_policy(RoleName="one", PolicyArn=me["policy_arn"])'),
    ("aws_cloudwatch_log_group.one", "retention_in_days", 'logs.put_retention_policy(logGroupName="one", retentionInDays=30)'),
    ("aws_cloudwatch_log_group.one", "kms_key_id", 'logs.associate_kms_key(logGroupName="one", kmsKeyId="arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555")'),
    ("aws_cloudwatch_log_group.one", "tags", 'logs.tag_resource(resourceArn=me["arn"], tags={"Name": "other"})'),
    ("aws_secretsmanager_secret.one", "description kms_key_id", 'secretsmanager.update_secret(SecretId="one", Description="other", KmsKeyId="alias/other")'),
    ("aws_secretsmanager_secret.one", "policy", 'secretsmanager.put_resource_policy(SecretId="one", ResourcePolicy=json.dumps({"Version": "2012-10-17", "Statement": '
     '[{"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:DeleteSecret", "Resource": "*"}]}))'),
    ("aws_secretsmanager_secret.one", "tags", 'secretsmanager.tag_resource(SecretId="one", Tags=%s)' % TAG),
    ("aws_secretsmanager_secret_version.one", "version_stages", 'secretsmanager.put_secret_value(SecretId="one", SecretString="other")'),
    ("aws_s3_bucket.one", "tags", 's3.put_bucket_tagging(Bucket=me["id"], Tagging={"TagSet": %s})' % TAG),
    ("aws_s3_bucket_versioning.one", "versioning_configuration", 's3.put_bucket_versioning(Bucket=me["bucket"], VersioningConfiguration={"Status": "Suspended"})'),
    ("aws_s3_bucket_server_side_encryption_configuration.one", "rule", 's3.put_bucket_encryption(Bucket=me["bucket"], ServerSideEncryptionConfiguration='
     '{"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}]})'),
    ("aws_s3_bucket_public_access_block.one", "block_public_acls block_public_policy ignore_public_acls restrict_public_buckets",
     's3.put_public_access_block(Bucket=me["bucket"], PublicAccessBlockConfiguration={k: False for k in '
     '("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")})'),
    ("aws_dynamodb_table.one", "billing_mode read_capacity write_capacity", 'dynamodb.update_table(TableName="one", BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 3, "WriteCapacityUnits": 3})'),
    ("aws_dynamodb_table.one", "deletion_protection_enabled", 'dynamodb.update_table(TableName="one", DeletionProtectionEnabled=True)'),
    ("aws_dynamodb_table.one", "stream_enabled stream_view_type", 'dynamodb.update_table(TableName="one", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})'),
    ("aws_dynamodb_table.one", "ttl", 'dynamodb.update_time_to_live(TableName="one", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})'),
    ("aws_dynamodb_table.one", "point_in_time_recovery", 'dynamodb.update_continuous_backups(TableName="one", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})'),
    ("aws_dynamodb_table.one", "tags", 'dynamodb.tag_resource(ResourceArn=me["arn"], Tags=%s)' % TAG),
]

MEDDLE = """
import json, sys, boto3
names = {"elb": "elbv2", "scaling": "application-autoscaling", "discovery": "servicediscovery"}
for name in "ec2 elb ecs rds efs iam logs secretsmanager s3 dynamodb acm cloudwatch discovery kms scaling sns ssm".split():
    globals()[name] = boto3.client(names.get(name, name), region_name="eu-west-1")
objects, changes = json.load(open(sys.argv[1]))
of = objects.__getitem__
for address, attributes, code in changes:
    me = of(address)
    try:
        exec(code)
    except Exception as error:
        print(f"{address} {attributes}: {error}")
"""


def test_every_attribute():
    every_attribute(MODULE, CHANGES)


def every_attribute(module, changes):
    """Applies the module, makes the changes, and looks for each in what `drift` says."""
    with LocalAws() as aws, Workspace() as workspace:
        make_store(aws)
        workspace.add("drift", root_module("drift", module))
        engine = sdt().at(workspace, aws)
        engine.run("drift", "init", "-input=false").expect()
        engine.run("drift", "apply", "-input=false", "-auto-approve").expect()
        # What was created after its parent shows in the parent: rules in their group, settings in their bucket.
        engine.run("drift", "apply", "-input=false", "-auto-approve", "-refresh-only").expect()
        text = engine.run("drift", "drift").expect(0, 2).out  # 2: a database's latest_restorable_time moves by itself
        early = [address for address, attributes, _ in changes for a in attributes.split() if _shows(text, address, a)]
        assert not early, f"drift before anything was changed: {early}\n{text}"
        state = json.loads(engine.run("drift", "state pull").expect().out)
        objects = {}
        for resource in state["resources"]:
            for instance in resource["instances"]:
                key = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
                objects[f"{resource['type']}.{resource['name']}{key}"] = instance["attributes"]
        given = workspace.root / "changes.json"
        given.write_text(json.dumps([objects, changes]))
        refused = aws.script(MEDDLE, str(given))
        assert not refused, f"the local AWS refused:\n{refused}"
        text = engine.run("drift", "drift").expect(2).out
        missing = [f"{address} {attribute}" for address, attributes, _ in changes for attribute in attributes.split()
                   if not _shows(text, address, attribute)]
        assert not missing, "not shown as drift:\n" + "\n".join(missing) + "\n\n" + text


def _shows(text, address, attribute):
    """Says whether the section of that object names the attribute, or says that the object is gone."""
    for section in re.split(r"^(?=  # )", text, flags=re.M):
        if re.match(rf"  # {re.escape(address)}[ \n]", section):
            if attribute == "deleted":
                return "deleted" in section.splitlines()[0]
            return re.search(rf"^ +(?:[~+-]|-/\+) (?:\"?{attribute}\"?)\b", section, flags=re.M) is not None
    return False
