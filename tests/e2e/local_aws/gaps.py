"""What moto 5.2.1 lacks and the environments need. Each function names one gap; everything else is plain moto."""
import base64
import hashlib
import json


def fill():
    for gap in (tagging_of_more_types, ecs_service_settings, ec2_described_group_rules, rds_own_resource_ids,
                logs_associate_kms_key, s3_markers_can_go, ec2_dhcp_options_take_tags, ec2_dhcp_options_leave_networks,
                ec2_network_acl_rules_may_be_gone, appautoscaling_tags, rds_parameters_by_user, rds_changed_event_subscriptions,
                rds_enhanced_monitoring, rds_serverless_scaling, efs_backup_policies, efs_policies_can_go, efs_replications,
                sts_decodes_refusals):
        gap()


def ecs_service_settings():
    """CreateService and UpdateService keep six settings; without them a service never settles."""
    from moto.ecs.responses import EC2ContainerServiceResponse as Responses
    settings = {
        "enableECSManagedTags": ("enable_ecs_managed_tags", False),
        "enableExecuteCommand": ("enable_execute_command", False),
        "healthCheckGracePeriodSeconds": ("health_check_grace_period_seconds", None),
        "availabilityZoneRebalancing": ("availability_zone_rebalancing", "DISABLED"),
        "capacityProviderStrategy": ("capacity_provider_strategy", []),
        "deploymentConfiguration": ("deployment_configuration", None),
    }

    def keeping(plain):
        def action(self):
            reply = plain(self)
            service = reply.result["service"]
            for parameter, (attribute, default) in settings.items():
                value = self._get_params().get(parameter)
                setattr(service, attribute, getattr(service, attribute, default) if value is None else value)
            return reply
        return action

    Responses.create_service = keeping(Responses.create_service)
    Responses.update_service = keeping(Responses.update_service)


def ec2_described_group_rules():
    """A security group rule that refers to a group keeps its description."""
    from moto.ec2.models.security_groups import SecurityGroupRule
    SecurityGroupRule.description = property(
        lambda rule: rule.ip_range.get("Description") or (rule.source_group or {}).get("Description"))


def rds_own_resource_ids():
    """Each database instance has a DbiResourceId of its own; moto gives all the same."""
    from moto.rds.models import DBInstance, RDSBackend
    plain, plain_replica = DBInstance.__init__, RDSBackend.create_db_instance_read_replica

    def own(instance):
        digest = hashlib.sha256(instance.db_instance_identifier.encode()).hexdigest()
        instance.dbi_resource_id = "db-" + digest[:26].upper()
        return instance

    def init(self, *args, **kwargs):
        plain(self, *args, **kwargs)
        own(self)

    DBInstance.__init__ = init
    RDSBackend.create_db_instance_read_replica = lambda self, *args, **kwargs: own(plain_replica(self, *args, **kwargs))


def logs_associate_kms_key():
    """AssociateKmsKey and DisassociateKmsKey."""
    from moto.logs.responses import LogsResponse as Responses

    def associate(self):
        self.logs_backend.groups[self._get_param("logGroupName")].kms_key_id = self._get_param("kmsKeyId")
        return "{}"

    Responses.associate_kms_key = Responses.disassociate_kms_key = associate


def s3_markers_can_go():
    """A key whose versions include a delete marker can be deleted after versioning was suspended."""
    from moto.s3.models import FakeDeleteMarker
    FakeDeleteMarker.dispose = lambda marker, garbage=False: None


# Tags of scalable targets by ARN.
SCALABLE_TARGET_TAGS = {}


def tagging_of_more_types():
    """GetResources lists scalable targets, services of Cloud Map, and groups and event subscriptions of RDS too."""
    from moto.rds.models import rds_backends
    from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend as Backend
    from moto.servicediscovery.models import servicediscovery_backends
    plain = Backend._get_resources_generator

    def fits(tags, filters):
        return all(any(t["Key"] == f["Key"] and (not f.get("Values") or t["Value"] in f["Values"]) for t in tags) for f in filters or [])

    def resources(self, tag_filters=None, resource_type_filters=None):
        yield from plain(self, tag_filters, resource_type_filters)
        discovery = servicediscovery_backends[self.account_id][self.region_name]
        rds = rds_backends[self.account_id][self.region_name]
        of_rds = (("rds:pg", rds.db_parameter_groups), ("rds:subgrp", rds.subnet_groups), ("rds:es", rds.event_subscriptions))
        more = (
            *((kind, ((o.arn, o.get_tags()) for o in objects.values())) for kind, objects in of_rds),
            ("servicediscovery:service", ((s.arn, discovery.list_tags_for_resource(s.arn)["Tags"]) for s in discovery.services.values())),
            ("application-autoscaling:scalable-target",
             ((arn, [{"Key": k, "Value": v} for k, v in tags.items()]) for arn, tags in SCALABLE_TARGET_TAGS.items())),
        )
        for kind, found in more:
            if not resource_type_filters or {kind, kind.split(":")[0]} & set(resource_type_filters):
                yield from ({"ResourceARN": arn, "Tags": tags} for arn, tags in found if tags and fits(tags, tag_filters))

    Backend._get_resources_generator = resources


def ec2_dhcp_options_take_tags():
    """CreateDhcpOptions takes tags, as every other creation."""
    from moto.ec2.models.dhcp_options import DHCPOptionsSetBackend
    from moto.ec2.responses.dhcp_options import DHCPOptions
    plain = DHCPOptions.create_dhcp_options
    made = []

    create = DHCPOptionsSetBackend.create_dhcp_options

    def remember(self, *args, **kwargs):
        made.append(create(self, *args, **kwargs))
        return made[-1]

    def tagged(self):
        reply = plain(self)
        made.pop().add_tags(self._parse_tag_specification().get("dhcp-options", {}))
        return reply

    DHCPOptionsSetBackend.create_dhcp_options = remember
    DHCPOptions.create_dhcp_options = tagged


def ec2_dhcp_options_leave_networks():
    """A VPC that gets other DHCP options no longer has those before."""
    from moto.ec2.models.dhcp_options import DHCPOptionsSetBackend
    plain = DHCPOptionsSetBackend.associate_dhcp_options

    def associate(self, dhcp_options, vpc):
        self.disassociate_dhcp_options(vpc)
        plain(self, dhcp_options, vpc)

    DHCPOptionsSetBackend.associate_dhcp_options = associate


def ec2_network_acl_rules_may_be_gone():
    """DeleteNetworkAclEntry of a rule that is not there is an error of its own."""
    from moto.ec2.exceptions import EC2ClientError
    from moto.ec2.models.network_acls import NetworkAclBackend
    plain = NetworkAclBackend.delete_network_acl_entry

    def delete(self, *args, **kwargs):
        try:
            return plain(self, *args, **kwargs)
        except StopIteration:
            raise EC2ClientError("InvalidNetworkAclEntry.NotFound", "The network ACL entry does not exist")

    NetworkAclBackend.delete_network_acl_entry = delete


def appautoscaling_tags():
    """RegisterScalableTarget takes tags; ListTagsForResource, TagResource and UntagResource."""
    from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Responses
    plain, tags = Responses.register_scalable_target, SCALABLE_TARGET_TAGS

    def register(self):
        reply = plain(self)
        tags.setdefault(json.loads(reply)["ScalableTargetARN"], {}).update(self._get_param("Tags") or {})
        return reply

    def of(self):
        return tags.setdefault(self._get_param("ResourceARN"), {})

    def add(self):
        of(self).update(self._get_param("Tags"))
        return "{}"

    def remove(self):
        for key in self._get_param("TagKeys"):
            of(self).pop(key, None)
        return "{}"

    Responses.register_scalable_target = register
    Responses.list_tags_for_resource = lambda self: json.dumps({"Tags": of(self)})
    Responses.tag_resource, Responses.untag_resource = add, remove


def rds_parameters_by_user():
    """Parameters that were set say that a user did it; ResetDBParameterGroup and ResetDBClusterParameterGroup."""
    from moto.core.responses import ActionResult
    from moto.rds.models import DBClusterParameterGroup, DBParameterGroup
    from moto.rds.responses import RDSResponse as Responses

    def by_user(plain):
        return lambda group, new: plain(group, [{**p, "Source": "user"} for p in new])

    DBParameterGroup.update_parameters = by_user(DBParameterGroup.update_parameters)
    DBClusterParameterGroup.update_cluster_parameters = by_user(DBClusterParameterGroup.update_cluster_parameters)

    def reset(kind, groups):
        def action(self):
            name = self.params.get(kind)
            parameters = getattr(self.backend, groups)[name].parameters
            for parameter in self.params.get("Parameters", []):
                parameters.pop(parameter.original_dict()["ParameterName"], None)
            return ActionResult({kind: name})
        return action

    Responses.reset_db_parameter_group = reset("DBParameterGroupName", "db_parameter_groups")
    Responses.reset_db_cluster_parameter_group = reset("DBClusterParameterGroupName", "db_cluster_parameter_groups")


def rds_changed_event_subscriptions():
    """ModifyEventSubscription, and sources that come and go."""
    from moto.core.responses import ActionResult
    from moto.rds.responses import RDSResponse as Responses

    def found(self):
        return self.backend.describe_event_subscriptions(self.params["SubscriptionName"])[0]

    def modify(self):
        subscription = found(self)
        for parameter, attribute in (("SnsTopicArn", "sns_topic_arn"), ("Enabled", "enabled"), ("SourceType", "source_type"),
                                     ("EventCategories", "event_categories")):
            if parameter in self.params:
                setattr(subscription, attribute, self.params[parameter])
        return ActionResult({"EventSubscription": subscription})

    def add(self):
        subscription = found(self)
        subscription.source_ids = [*subscription.source_ids, self.params["SourceIdentifier"]]
        return ActionResult({"EventSubscription": subscription})

    def remove(self):
        subscription = found(self)
        subscription.source_ids = [s for s in subscription.source_ids if s != self.params["SourceIdentifier"]]
        return ActionResult({"EventSubscription": subscription})

    Responses.modify_event_subscription = modify
    Responses.add_source_identifier_to_subscription = add
    Responses.remove_source_identifier_from_subscription = remove


def rds_enhanced_monitoring():
    """CreateDBInstance and ModifyDBInstance keep interval and role of enhanced monitoring."""
    from moto.rds.responses import RDSResponse as Responses

    def keeping(plain):
        def action(self):
            reply = plain(self)
            instance = reply.result["DBInstance"]
            for parameter, attribute in (("MonitoringInterval", "monitoring_interval"), ("MonitoringRoleArn", "monitoring_role_arn")):
                if parameter in self.params:
                    setattr(instance, attribute, self.params[parameter])
            return reply
        return action

    Responses.create_db_instance = keeping(Responses.create_db_instance)
    Responses.create_db_instance_read_replica = keeping(Responses.create_db_instance_read_replica)
    Responses.modify_db_instance = keeping(Responses.modify_db_instance)


def rds_serverless_scaling():
    """Only serverless clusters say how they scale."""
    from moto.rds.models import DBCluster
    plain = DBCluster.scaling_configuration_info
    DBCluster.scaling_configuration_info = property(lambda cluster: plain.fget(cluster) if cluster.engine_mode == "serverless" else None)


def efs_backup_policies():
    """PutBackupPolicy."""
    from moto.efs.models import FileSystem
    from moto.efs.responses import EFSResponse as Responses
    own = FileSystem.backup_policy
    FileSystem.backup_policy = property(lambda system: getattr(system, "backup_status", None) or own.fget(system))

    def put(self):
        policy = self._get_param("BackupPolicy")
        self.efs_backend.file_systems_by_id[self._get_param("FileSystemId")].backup_status = policy
        return json.dumps({"BackupPolicy": policy}), {"Content-Type": "application/json"}

    Responses.put_backup_policy = put


def efs_policies_can_go():
    """DeleteFileSystemPolicy."""
    from moto.efs.responses import EFSResponse as Responses

    def delete(self):
        self.efs_backend.file_systems_by_id[self._get_param("FileSystemId")].file_system_policy = None
        return "{}", {"status": 204, "Content-Type": "application/json"}

    Responses.delete_file_system_policy = delete


def efs_replications():
    """CreateReplicationConfiguration, DescribeReplicationConfigurations and DeleteReplicationConfiguration."""
    import time
    from moto.core.exceptions import JsonRESTError
    from moto.efs import urls
    from moto.efs.responses import EFSResponse as Responses
    for path in ("/2015-02-01/file-systems/<file_system_id>/replication-configuration",
                 "/2015-02-01/file-systems/replication-configurations"):
        urls.url_paths[path] = urls.response.dispatch
    kept = {}

    class Missing(JsonRESTError):
        code = 404

        def __init__(self):
            super().__init__("ReplicationNotFound", "There is no replication.")

    def create(self):
        source = self._get_param("SourceFileSystemId")
        system = self.efs_backend.file_systems_by_id[source]
        wanted = self._get_param("Destinations")[0]
        kept[source] = {
            "SourceFileSystemId": source, "SourceFileSystemArn": system.file_system_arn,
            "OriginalSourceFileSystemArn": system.file_system_arn, "SourceFileSystemRegion": self.region,
            "CreationTime": time.time(),
            "Destinations": [{"Status": "ENABLED", "FileSystemId": wanted.get("FileSystemId", "fs-0" + source[3:].rjust(16, "0")),
                              "Region": wanted.get("Region", self.region)}],
        }
        return json.dumps(kept[source]), {"Content-Type": "application/json"}

    def describe(self):
        source = self._get_param("FileSystemId")
        if source and source not in kept:
            raise Missing()
        found = [kept[source]] if source else list(kept.values())
        return json.dumps({"Replications": found}), {"Content-Type": "application/json"}

    def delete(self):
        if kept.pop(self._get_param("SourceFileSystemId"), None) is None:
            raise Missing()
        return "{}", {"status": 204, "Content-Type": "application/json"}

    Responses.create_replication_configuration = create
    Responses.describe_replication_configurations = describe
    Responses.delete_replication_configuration = delete


def sts_decodes_refusals():
    """DecodeAuthorizationMessage, of messages that are encoded in base64."""
    from moto.core.exceptions import ServiceException
    from moto.core.responses import ActionResult
    from moto.sts.responses import TokenResponse

    class InvalidAuthorizationMessageException(ServiceException):
        code = "InvalidAuthorizationMessageException"

    def decode_authorization_message(self):
        try:
            decoded = base64.urlsafe_b64decode(self._get_param("EncodedMessage")).decode()
        except ValueError as error:
            raise InvalidAuthorizationMessageException("The message is not valid.") from error
        return ActionResult({"DecodedMessage": decoded})

    TokenResponse.decode_authorization_message = decode_authorization_message
