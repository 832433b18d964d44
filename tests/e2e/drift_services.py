"""Every attribute of what stands on the network that AWS lets someone change behind our back shows as drift.

As drift_attributes.py, for scaling, alarms, keys, parameters, topics, discovery, certificates, rules of load balancers, clusters of
databases and the settings of buckets.
"""
from drift_attributes import TAG, every_attribute

MODULE = """
locals {
  allow = { for service in ["ec2", "rds", "sns"] : service => jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "${service}.amazonaws.com" } }]
  }) }
}

resource "aws_vpc" "one" {
  count      = 2
  cidr_block = "10.${count.index}.0.0/16"

  enable_dns_hostnames = true
}

resource "aws_subnet" "one" {
  count             = 2
  vpc_id            = aws_vpc.one[0].id
  cidr_block        = cidrsubnet("10.0.0.0/16", 8, count.index)
  availability_zone = "eu-west-1${["a", "b"][count.index]}"
}

resource "aws_route_table" "one" {
  vpc_id = aws_vpc.one[0].id
}

resource "aws_vpc_endpoint" "gateway" {
  vpc_id       = aws_vpc.one[0].id
  service_name = "com.amazonaws.eu-west-1.s3"
}

resource "aws_vpc_endpoint" "interface" {
  vpc_id            = aws_vpc.one[0].id
  service_name      = "com.amazonaws.eu-west-1.logs"
  vpc_endpoint_type = "Interface"
}

resource "aws_vpc_endpoint_route_table_association" "one" {
  vpc_endpoint_id = aws_vpc_endpoint.gateway.id
  route_table_id  = aws_route_table.one.id
}

resource "aws_vpc_endpoint_subnet_association" "one" {
  vpc_endpoint_id = aws_vpc_endpoint.interface.id
  subnet_id       = aws_subnet.one[0].id
}

resource "aws_vpc_peering_connection" "one" {
  vpc_id      = aws_vpc.one[0].id
  peer_vpc_id = aws_vpc.one[1].id
}

resource "aws_vpc_peering_connection_accepter" "one" {
  vpc_peering_connection_id = aws_vpc_peering_connection.one.id
  auto_accept               = true
  tags                      = { Name = "one" }
}

resource "aws_acm_certificate" "one" {
  count             = 2
  domain_name       = "one-${count.index}.example.com"
  validation_method = "DNS"
  tags              = { Name = "one" }
}

resource "aws_lb" "one" {
  name     = "one"
  internal = true
  subnets  = aws_subnet.one[*].id
}

resource "aws_lb_target_group" "one" {
  name        = "one"
  vpc_id      = aws_vpc.one[0].id
  port        = 80
  protocol    = "HTTP"
  target_type = "ip"
}

resource "aws_lb_target_group_attachment" "one" {
  target_group_arn = aws_lb_target_group.one.arn
  target_id        = "10.0.0.7"
}

resource "aws_lb_listener" "one" {
  load_balancer_arn = aws_lb.one.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-2016-08"
  certificate_arn   = aws_acm_certificate.one[0].arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.one.arn
  }
}

resource "aws_lb_listener_certificate" "one" {
  listener_arn    = aws_lb_listener.one.arn
  certificate_arn = aws_acm_certificate.one[1].arn
}

resource "aws_lb_listener_rule" "one" {
  listener_arn = aws_lb_listener.one.arn
  priority     = 10
  tags         = { Name = "one" }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.one.arn
  }

  condition {
    path_pattern {
      values = ["/one/*"]
    }
  }
}

resource "aws_ecs_cluster" "one" {
  name = "one"
}

resource "aws_ecs_cluster_capacity_providers" "one" {
  cluster_name       = aws_ecs_cluster.one.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]

  default_capacity_provider_strategy {
    capacity_provider = "FARGATE"
    weight            = 1
  }
}

resource "aws_ecs_task_definition" "one" {
  family                = "one"
  network_mode          = "awsvpc"
  container_definitions = jsonencode([{ name = "one", image = "one", memory = 128 }])
}

resource "aws_ecs_service" "one" {
  name            = "one"
  cluster         = aws_ecs_cluster.one.id
  task_definition = aws_ecs_task_definition.one.arn
  launch_type     = "FARGATE"

  network_configuration {
    subnets = [aws_subnet.one[0].id]
  }
}

resource "aws_appautoscaling_target" "one" {
  service_namespace  = "ecs"
  resource_id        = "service/${aws_ecs_cluster.one.name}/${aws_ecs_service.one.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = 1
  max_capacity       = 4
  tags               = { Name = "one" }
}

resource "aws_appautoscaling_policy" "one" {
  name               = "one"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = "ecs"
  resource_id        = aws_appautoscaling_target.one.resource_id
  scalable_dimension = "ecs:service:DesiredCount"

  target_tracking_scaling_policy_configuration {
    target_value = 75

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_appautoscaling_scheduled_action" "one" {
  name               = "one"
  service_namespace  = "ecs"
  resource_id        = aws_appautoscaling_target.one.resource_id
  scalable_dimension = "ecs:service:DesiredCount"
  schedule           = "cron(0 22 * * ? *)"

  scalable_target_action {
    min_capacity = 0
    max_capacity = 1
  }
}

resource "aws_service_discovery_private_dns_namespace" "one" {
  name        = "one.internal"
  vpc         = aws_vpc.one[0].id
  description = "one"
  tags        = { Name = "one" }
}

resource "aws_service_discovery_http_namespace" "one" {
  name = "one"
  tags = { Name = "one" }
}

resource "aws_service_discovery_service" "one" {
  name        = "one"
  description = "one"
  tags        = { Name = "one" }

  dns_config {
    namespace_id   = aws_service_discovery_private_dns_namespace.one.id
    routing_policy = "MULTIVALUE"

    dns_records {
      ttl  = 10
      type = "A"
    }
  }
}

resource "aws_cloudwatch_log_resource_policy" "one" {
  policy_name     = "one"
  policy_document = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "route53.amazonaws.com" }, Action = "logs:PutLogEvents", Resource = "*" }] })
}

resource "aws_cloudwatch_metric_alarm" "one" {
  alarm_name          = "one"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  metric_name         = "CPUUtilization"
  namespace           = "AWS/RDS"
  period              = 60
  statistic           = "Average"
  threshold           = 80
  tags                = { Name = "one" }
}

resource "aws_sns_topic" "one" {
  name         = "one"
  display_name = "one"
  tags         = { Name = "one" }
}

resource "aws_sns_topic_policy" "one" {
  arn    = aws_sns_topic.one.arn
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "cloudwatch.amazonaws.com" }, Action = "sns:Publish", Resource = "*" }] })
}

resource "aws_sns_topic_subscription" "one" {
  topic_arn = aws_sns_topic.one.arn
  protocol  = "sqs"
  endpoint  = "arn:aws:sqs:eu-west-1:123456789012:one"
}

resource "aws_db_event_subscription" "one" {
  name             = "one"
  sns_topic        = aws_sns_topic.one.arn
  source_type      = "db-instance"
  event_categories = ["failover"]
  tags             = { Name = "one" }
}

resource "aws_db_option_group" "one" {
  name                 = "one"
  engine_name          = "mysql"
  major_engine_version = "8.0"
  tags                 = { Name = "one" }
}

resource "aws_db_parameter_group" "one" {
  name   = "one"
  family = "mysql8.0"
  tags   = { Name = "one" }

  parameter {
    name  = "max_connections"
    value = "200"
  }
}

resource "aws_rds_cluster_parameter_group" "one" {
  name   = "one"
  family = "aurora-mysql8.0"
  tags   = { Name = "one" }

  parameter {
    name  = "time_zone"
    value = "UTC"
  }
}

resource "aws_rds_cluster" "one" {
  cluster_identifier      = "one"
  engine                  = "aurora-mysql"
  master_username         = "one"
  master_password         = "not-a-secret"
  backup_retention_period = 1
  skip_final_snapshot     = true
  tags                    = { Name = "one" }
}

resource "aws_rds_cluster_instance" "one" {
  identifier         = "one-0"
  cluster_identifier = aws_rds_cluster.one.id
  engine             = "aurora-mysql"
  instance_class     = "db.r5.large"
  tags               = { Name = "one" }
}

resource "aws_db_instance" "one" {
  identifier          = "one"
  engine              = "mysql"
  instance_class      = "db.t4g.micro"
  allocated_storage   = 20
  username            = "one"
  password            = "not-a-secret"
  skip_final_snapshot = true
}

resource "aws_db_snapshot" "one" {
  db_instance_identifier = aws_db_instance.one.identifier
  db_snapshot_identifier = "one"
  tags                   = { Name = "one" }
}

resource "aws_efs_file_system" "one" {
  creation_token = "one"
}

resource "aws_efs_file_system" "two" {
  creation_token = "two"
}

resource "aws_efs_backup_policy" "one" {
  file_system_id = aws_efs_file_system.one.id

  backup_policy {
    status = "ENABLED"
  }
}

resource "aws_efs_file_system_policy" "one" {
  file_system_id = aws_efs_file_system.one.id
  policy         = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { AWS = "*" }, Action = "elasticfilesystem:ClientMount", Resource = "*" }] })
}

resource "aws_efs_replication_configuration" "one" {
  source_file_system_id = aws_efs_file_system.two.id

  destination {
    region = "eu-central-1"
  }
}

resource "aws_iam_role" "one" {
  count              = 2
  name               = "one-${count.index}"
  assume_role_policy = local.allow["ec2"]
}

resource "aws_iam_instance_profile" "one" {
  name = "one"
  role = aws_iam_role.one[0].name
  tags = { Name = "one" }
}

resource "aws_iam_policy" "one" {
  name   = "one"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "*" }] })
  tags   = { Name = "one" }
}

resource "aws_iam_service_linked_role" "one" {
  aws_service_name = "ecs.amazonaws.com"
  description      = "one"
  tags             = { Name = "one" }
}

resource "aws_kms_key" "one" {
  count               = 2
  description         = "one"
  enable_key_rotation = true
  tags                = { Name = "one" }
}

resource "aws_kms_alias" "one" {
  name          = "alias/one"
  target_key_id = aws_kms_key.one[0].key_id
}

resource "aws_secretsmanager_secret" "one" {
  name = "one"
}

resource "aws_secretsmanager_secret_policy" "one" {
  secret_arn = aws_secretsmanager_secret.one.arn
  policy     = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { AWS = "123456789012" }, Action = "secretsmanager:GetSecretValue", Resource = "*" }] })
}

resource "aws_ssm_parameter" "one" {
  name        = "/one"
  type        = "String"
  value       = "one"
  description = "one"
  tags        = { Name = "one" }
}

resource "aws_s3_bucket" "one" {
  bucket        = "one-of-the-services"
  force_destroy = true
}

resource "aws_s3_bucket" "log" {
  bucket = "log-of-the-services"
}

resource "aws_s3_bucket_ownership_controls" "one" {
  bucket = aws_s3_bucket.one.id

  rule {
    object_ownership = "BucketOwnerPreferred"
  }
}

resource "aws_s3_bucket_acl" "one" {
  bucket = aws_s3_bucket.one.id

  access_control_policy {
    grant {
      permission = "READ"

      grantee {
        type = "CanonicalUser"
        id   = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"
      }
    }

    owner {
      id = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"
    }
  }

  depends_on = [aws_s3_bucket_ownership_controls.one]
}

resource "aws_s3_bucket_acl" "log" {
  bucket = aws_s3_bucket.log.id
  acl    = "log-delivery-write"
}

resource "aws_s3_bucket_logging" "one" {
  bucket        = aws_s3_bucket.one.id
  target_bucket = aws_s3_bucket_acl.log.bucket
  target_prefix = "one/"
}

resource "aws_s3_bucket_cors_configuration" "one" {
  bucket = aws_s3_bucket.one.id

  cors_rule {
    allowed_methods = ["GET"]
    allowed_origins = ["https://example.com"]
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "one" {
  bucket = aws_s3_bucket.one.id

  rule {
    id     = "one"
    status = "Enabled"

    filter {}

    expiration {
      days = 30
    }
  }
}

resource "aws_s3_bucket_policy" "one" {
  bucket = aws_s3_bucket.one.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Deny", Principal = "*", Action = "s3:PutBucketWebsite", Resource = "arn:aws:s3:::one-of-the-services" }] })
}

resource "aws_s3_object" "one" {
  count        = 2
  bucket       = aws_s3_bucket.one.id
  key          = "one-${count.index}"
  content      = "one"
  content_type = "text/plain"
  tags         = { Name = "one" }
}
"""

LOWER_TAGS = '[{"key": "Name", "value": "other"}]'
OTHER = 'json.dumps(json.loads(me["policy"]) | {"Id": "other"})'

CHANGES = [
    ("aws_vpc_endpoint_route_table_association.one", "deleted", 'ec2.modify_vpc_endpoint(VpcEndpointId=me["vpc_endpoint_id"], RemoveRouteTableIds=[me["route_table_id"]])'),
    ("aws_vpc_endpoint_subnet_association.one", "deleted", 'ec2.modify_vpc_endpoint(VpcEndpointId=me["vpc_endpoint_id"], RemoveSubnetIds=[me["subnet_id"]])'),
    ("aws_vpc_peering_connection_accepter.one", "accepter",
     'ec2.modify_vpc_peering_connection_options(VpcPeeringConnectionId=me["id"], AccepterPeeringConnectionOptions={"AllowDnsResolutionFromRemoteVpc": True})'),
    ("aws_vpc_peering_connection_accepter.one", "tags", 'ec2.create_tags(Resources=[me["id"]], Tags=%s)' % TAG),
    ("aws_acm_certificate.one[0]", "tags", 'acm.add_tags_to_certificate(CertificateArn=me["arn"], Tags=%s)' % TAG),
    ("aws_lb_target_group_attachment.one", "deleted", 'elb.deregister_targets(TargetGroupArn=me["target_group_arn"], Targets=[{"Id": "10.0.0.7"}])'),
    ("aws_lb_listener_certificate.one", "deleted",
     'elb.remove_listener_certificates(ListenerArn=me["listener_arn"], Certificates=[{"CertificateArn": me["certificate_arn"]}])'),
    ("aws_lb_listener_rule.one", "priority", 'elb.set_rule_priorities(RulePriorities=[{"RuleArn": me["arn"], "Priority": 20}])'),
    ("aws_lb_listener_rule.one", "condition", 'elb.modify_rule(RuleArn=me["arn"], Conditions=[{"Field": "path-pattern", "Values": ["/other/*"]}])'),
    ("aws_lb_listener_rule.one", "action",
     'elb.modify_rule(RuleArn=me["arn"], Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"}}])'),
    ("aws_lb_listener_rule.one", "tags", 'elb.add_tags(ResourceArns=[me["arn"]], Tags=%s)' % TAG),
    ("aws_ecs_cluster_capacity_providers.one", "capacity_providers default_capacity_provider_strategy",
     'ecs.put_cluster_capacity_providers(cluster="one", capacityProviders=["FARGATE_SPOT"], '
     'defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 3}])'),
    ("aws_appautoscaling_target.one", "min_capacity max_capacity suspended_state",
     'scaling.register_scalable_target(ServiceNamespace="ecs", ResourceId=me["resource_id"], ScalableDimension=me["scalable_dimension"], '
     'MinCapacity=2, MaxCapacity=6, SuspendedState={"DynamicScalingInSuspended": True})'),
    ("aws_appautoscaling_target.one", "tags", 'scaling.tag_resource(ResourceARN=me["arn"], Tags={"Name": "other"})'),
    ("aws_appautoscaling_policy.one", "target_tracking_scaling_policy_configuration",
     'scaling.put_scaling_policy(PolicyName="one", ServiceNamespace="ecs", ResourceId=me["resource_id"], ScalableDimension=me["scalable_dimension"], '
     'PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration={"TargetValue": 50.0, "ScaleInCooldown": 10, '
     '"PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"}})'),
    ("aws_appautoscaling_scheduled_action.one", "schedule scalable_target_action timezone",
     'scaling.put_scheduled_action(ScheduledActionName="one", ServiceNamespace="ecs", ResourceId=me["resource_id"], ScalableDimension=me["scalable_dimension"], '
     'Schedule="cron(0 23 * * ? *)", Timezone="Europe/Paris", ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 2})'),
    ("aws_service_discovery_private_dns_namespace.one", "description",
     'discovery.update_private_dns_namespace(Id=me["id"], Namespace={"Description": "other"})'),
    ("aws_service_discovery_private_dns_namespace.one", "tags", 'discovery.tag_resource(ResourceARN=me["arn"], Tags=%s)' % TAG),
    ("aws_service_discovery_http_namespace.one", "tags", 'discovery.tag_resource(ResourceARN=me["arn"], Tags=%s)' % TAG),
    ("aws_service_discovery_service.one", "description dns_config",
     'discovery.update_service(Id=me["id"], Service={"Description": "other", "DnsConfig": {"DnsRecords": [{"Type": "A", "TTL": 20}]}})'),
    ("aws_service_discovery_service.one", "tags", 'discovery.tag_resource(ResourceARN=me["arn"], Tags=%s)' % TAG),
    ("aws_cloudwatch_log_resource_policy.one", "policy_document",
     'logs.put_resource_policy(policyName="one", policyDocument=me["policy_document"].replace("route53", "es"))'),
    ("aws_cloudwatch_metric_alarm.one", "threshold evaluation_periods period statistic comparison_operator alarm_description actions_enabled alarm_actions "
     "ok_actions insufficient_data_actions treat_missing_data datapoints_to_alarm dimensions metric_name namespace",
     'cloudwatch.put_metric_alarm(AlarmName="one", ComparisonOperator="LessThanThreshold", EvaluationPeriods=3, DatapointsToAlarm=2, MetricName="FreeStorageSpace", '
     'Namespace="AWS/EC2", Period=120, Statistic="Maximum", Threshold=70.5, AlarmDescription="other", ActionsEnabled=False, TreatMissingData="breaching", '
     'AlarmActions=["arn:aws:sns:eu-west-1:123456789012:a"], OKActions=["arn:aws:sns:eu-west-1:123456789012:a"], '
     'InsufficientDataActions=["arn:aws:sns:eu-west-1:123456789012:a"], Dimensions=[{"Name": "a", "Value": "b"}])'),
    ("aws_cloudwatch_metric_alarm.one", "tags", 'cloudwatch.tag_resource(ResourceARN=me["arn"], Tags=%s)' % TAG),
    ("aws_sns_topic.one", "display_name kms_master_key_id delivery_policy",
     '[sns.set_topic_attributes(TopicArn=me["arn"], AttributeName=k, AttributeValue=v) for k, v in {"DisplayName": "other", "KmsMasterKeyId": "alias/aws/sns", '
     '"DeliveryPolicy": json.dumps({"http": {"defaultHealthyRetryPolicy": {"numRetries": 5}}})}.items()]'),
    ("aws_sns_topic.one", "tags", 'sns.tag_resource(ResourceArn=me["arn"], Tags=%s)' % TAG),
    ("aws_sns_topic_policy.one", "policy", f'sns.set_topic_attributes(TopicArn=me["arn"], AttributeName="Policy", AttributeValue={OTHER})'),
    ("aws_sns_topic_subscription.one", "raw_message_delivery filter_policy filter_policy_scope redrive_policy",
     '[sns.set_subscription_attributes(SubscriptionArn=me["arn"], AttributeName=k, AttributeValue=v) for k, v in {"RawMessageDelivery": "true", '
     '"FilterPolicyScope": "MessageBody", "FilterPolicy": json.dumps({"a": ["b"]}), '
     '"RedrivePolicy": json.dumps({"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:dead"})}.items()]'),
    ("aws_db_event_subscription.one", "tags", 'rds.add_tags_to_resource(ResourceName=me["arn"], Tags=%s)' % TAG),
    ("aws_db_option_group.one", "tags", 'rds.add_tags_to_resource(ResourceName=me["arn"], Tags=%s)' % TAG),
    ("aws_db_parameter_group.one", "parameter", 'rds.modify_db_parameter_group(DBParameterGroupName="one", '
     'Parameters=[{"ParameterName": "max_connections", "ParameterValue": "300", "ApplyMethod": "immediate"}])'),
    ("aws_db_parameter_group.one", "tags", 'rds.add_tags_to_resource(ResourceName=me["arn"], Tags=%s)' % TAG),
    ("aws_rds_cluster_parameter_group.one", "parameter", 'rds.modify_db_cluster_parameter_group(DBClusterParameterGroupName="one", '
     'Parameters=[{"ParameterName": "time_zone", "ParameterValue": "Europe/Paris", "ApplyMethod": "immediate"}])'),
    ("aws_rds_cluster_parameter_group.one", "tags", 'rds.add_tags_to_resource(ResourceName=me["arn"], Tags=%s)' % TAG),
    ("aws_rds_cluster.one", "backup_retention_period preferred_backup_window preferred_maintenance_window deletion_protection copy_tags_to_snapshot",
     'rds.modify_db_cluster(DBClusterIdentifier="one", BackupRetentionPeriod=5, PreferredBackupWindow="05:00-06:00", PreferredMaintenanceWindow="mon:03:30-mon:04:30", '
     'DeletionProtection=True, CopyTagsToSnapshot=True)'),
    ("aws_rds_cluster.one", "tags", 'rds.add_tags_to_resource(ResourceName=me["arn"], Tags=%s)' % TAG),
    ("aws_rds_cluster_instance.one", "instance_class auto_minor_version_upgrade promotion_tier preferred_maintenance_window publicly_accessible",
     'rds.modify_db_instance(DBInstanceIdentifier="one-0", DBInstanceClass="db.r5.xlarge", AutoMinorVersionUpgrade=False, PromotionTier=3, PubliclyAccessible=True, '
     'PreferredMaintenanceWindow="mon:03:30-mon:04:30", ApplyImmediately=True)'),
    ("aws_rds_cluster_instance.one", "tags", 'rds.add_tags_to_resource(ResourceName=me["arn"], Tags=%s)' % TAG),
    ("aws_db_snapshot.one", "tags", 'rds.add_tags_to_resource(ResourceName=me["db_snapshot_arn"], Tags=%s)' % TAG),
    ("aws_db_snapshot.one", "shared_accounts", 'rds.modify_db_snapshot_attribute(DBSnapshotIdentifier="one", AttributeName="restore", ValuesToAdd=["210987654321"])'),
    ("aws_efs_backup_policy.one", "backup_policy", 'efs.put_backup_policy(FileSystemId=me["file_system_id"], BackupPolicy={"Status": "DISABLED"})'),
    ("aws_efs_file_system_policy.one", "policy", f'efs.put_file_system_policy(FileSystemId=me["file_system_id"], Policy={OTHER})'),
    ("aws_efs_replication_configuration.one", "deleted", 'efs.delete_replication_configuration(SourceFileSystemId=me["source_file_system_id"])'),
    ("aws_iam_instance_profile.one", "role", 'iam.remove_role_from_instance_profile(InstanceProfileName="one", RoleName="one-0"); '
     'iam.add_role_to_instance_profile(InstanceProfileName="one", RoleName="one-1")'),
    ("aws_iam_instance_profile.one", "tags", 'iam.tag_instance_profile(InstanceProfileName="one", Tags=%s)' % TAG),
    ("aws_iam_policy.one", "policy", f'iam.create_policy_version(PolicyArn=me["arn"], SetAsDefault=True, PolicyDocument=me["policy"].replace("GetObject", "PutObject"))'),
    ("aws_iam_policy.one", "tags", 'iam.tag_policy(PolicyArn=me["arn"], Tags=%s)' % TAG),
    ("aws_iam_service_linked_role.one", "description", 'iam.update_role(RoleName=me["name"], Description="other")'),
    ("aws_iam_service_linked_role.one", "tags", 'iam.tag_role(RoleName=me["name"], Tags=%s)' % TAG),
    ("aws_kms_key.one[0]", "description", 'kms.update_key_description(KeyId=me["key_id"], Description="other")'),
    ("aws_kms_key.one[0]", "enable_key_rotation", 'kms.disable_key_rotation(KeyId=me["key_id"])'),
    ("aws_kms_key.one[0]", "policy", f'kms.put_key_policy(KeyId=me["key_id"], PolicyName="default", Policy={OTHER})'),
    ("aws_kms_key.one[0]", "tags", 'kms.tag_resource(KeyId=me["key_id"], Tags=[{"TagKey": "Name", "TagValue": "other"}])'),
    ("aws_kms_key.one[1]", "is_enabled", 'kms.disable_key(KeyId=me["key_id"])'),
    ("aws_kms_alias.one", "target_key_id", 'kms.update_alias(AliasName="alias/one", TargetKeyId=of("aws_kms_key.one[1]")["key_id"])'),
    ("aws_secretsmanager_secret_policy.one", "policy", f'secretsmanager.put_resource_policy(SecretId=me["secret_arn"], ResourcePolicy={OTHER})'),
    ("aws_ssm_parameter.one", "value description tier",
     'ssm.put_parameter(Name="/one", Type="String", Value="other", Description="other", Tier="Advanced", Overwrite=True)'),
    ("aws_ssm_parameter.one", "tags", 'ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="/one", Tags=%s)' % TAG),
    ("aws_s3_bucket_ownership_controls.one", "rule", 's3.put_bucket_ownership_controls(Bucket=me["bucket"], OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})'),
    ("aws_s3_bucket_acl.one", "access_control_policy", 's3.put_bucket_acl(Bucket=me["bucket"], ACL="public-read")'),
    ("aws_s3_bucket_logging.one", "target_prefix",
     's3.put_bucket_logging(Bucket=me["bucket"], BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": me["target_bucket"], "TargetPrefix": "other/"}})'),
    ("aws_s3_bucket_cors_configuration.one", "cors_rule",
     's3.put_bucket_cors(Bucket=me["bucket"], CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["*"]}]})'),
    ("aws_s3_bucket_lifecycle_configuration.one", "rule", 's3.put_bucket_lifecycle_configuration(Bucket=me["bucket"], '
     'LifecycleConfiguration={"Rules": [{"ID": "one", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 60}}]})'),
    ("aws_s3_bucket_policy.one", "policy", f's3.put_bucket_policy(Bucket=me["bucket"], Policy={OTHER})'),
    ("aws_s3_object.one[0]", "content_type metadata storage_class cache_control content_disposition content_encoding content_language website_redirect",
     's3.put_object(Bucket=me["bucket"], Key=me["key"], Body=b"one", ContentType="text/html", Metadata={"a": "b"}, StorageClass="STANDARD_IA", CacheControl="no-store", '
     'ContentDisposition="inline", ContentEncoding="identity", ContentLanguage="en", WebsiteRedirectLocation="/other")'),
    ("aws_s3_object.one[1]", "tags", 's3.put_object_tagging(Bucket=me["bucket"], Key=me["key"], Tagging={"TagSet": %s})' % TAG),
]


def test_every_attribute_of_services():
    every_attribute(MODULE, CHANGES)
