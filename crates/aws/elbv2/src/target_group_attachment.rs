//! `aws_lb_target_group_attachment`

use std::collections::{BTreeSet, HashMap};

use aws_sdk_elasticloadbalancingv2::types::{TargetDescription, TargetHealthDescription, TargetHealthReasonEnum};
use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{Changes, Cx, Error, Id, Pace, Resource, Seen, Token, async_trait};

use crate::elbv2;

/// A target of a target group.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_lb_target_group_attachment")]
pub(crate) struct TargetGroupAttachment {
    id: Id,
    /// The zone.
    #[attr(force_new, keep_null)]
    availability_zone: Option<String>,
    /// The port.
    #[attr(force_new, keep_null)]
    port: Option<i32>,
    /// ARN of the target group.
    #[attr(force_new)]
    target_group_arn: String,
    /// Instance, address, function or load balancer.
    #[attr(force_new)]
    target_id: String,
}

#[async_trait]
impl Resource for TargetGroupAttachment {
    type Api = Aws;
    const HUMAN: &'static str = "ELBv2 Target Group Attachment";
    // Registering a target again changes nothing.
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        // An instance that is just starting cannot be a target yet.
        let limit = std::time::Duration::from_secs(600);
        cx.retry_on(&["InvalidTarget"], limit, || async {
            let call = elbv2(cx.api).register_targets().target_group_arn(&want.target_group_arn);
            call.targets(want.target()).send().await.api().map(drop)
        })
        .await?;
        Ok(Self { id: cx.generated_name(&format!("{}-", want.target_group_arn)), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        // One call for the targets of a group.
        let groups: Vec<String> =
            known.iter().map(|k| k.target_group_arn.clone()).collect::<BTreeSet<_>>().into_iter().collect();
        let found = each(&groups, |arn| async move {
            let answer = elbv2(cx.api).describe_target_health().target_group_arn(&arn).send().await.api()?;
            let mut found = answer.target_health_descriptions.unwrap_or_default();
            found.retain(|t| !leaving(t));
            Ok(Some((arn, found)))
        });
        let found: HashMap<String, Vec<TargetHealthDescription>> = found.await?.into_iter().flatten().collect();
        let there = |k: &Self| found.get(&k.target_group_arn).is_some_and(|all| all.iter().any(|t| k.is(t)));
        Ok(known.iter().map(|k| there(k).then(|| k.clone())).collect())
    }

    async fn update(_cx: &Cx<'_, Aws>, _prior: &Self, _want: &Self, _changed: &Changes) -> Result<(), Error> {
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let call = elbv2(cx.api).deregister_targets().target_group_arn(&prior.target_group_arn);
        match call.targets(prior.target()).send().await.api() {
            // A target that is none any more.
            Err(e) if e.has_code(&["InvalidTarget"]) => return Ok(()),
            other => drop(other?),
        }
        cx.wait("the target to leave", Pace::QUICK, || async {
            let found = Self::read_many(cx, std::slice::from_ref(prior)).await?.pop().flatten();
            Ok(if found.is_some() { Seen::Pending("registered".into()) } else { Seen::Ready(()) })
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let id = cx.generated_name(&format!("{}-", want.target_group_arn));
        let found = Self::read_many(cx, std::slice::from_ref(want)).await?.pop().flatten();
        Ok(found.map(|f| Self { id, ..f }))
    }

    fn import(_id: &str) -> Result<Vec<(sdt_provider::Name, sdt_provider::Value)>, String> {
        Err("nothing: attachments cannot be imported".into())
    }
}

/// Tells whether the target is no target any more.
fn leaving(target: &TargetHealthDescription) -> bool {
    let reason = target.target_health.as_ref().and_then(|h| h.reason.as_ref());
    matches!(reason, Some(TargetHealthReasonEnum::NotRegistered | TargetHealthReasonEnum::DeregistrationInProgress))
}

impl TargetGroupAttachment {
    fn target(&self) -> TargetDescription {
        TargetDescription::builder()
            .id(&self.target_id)
            .set_port(self.port.filter(|p| *p > 0))
            .set_availability_zone(self.availability_zone.clone())
            .build()
    }

    /// Without a port or zone the group's own counts, and not every answer tells the zone.
    fn is(&self, found: &TargetHealthDescription) -> bool {
        let Some(target) = &found.target else { return false };
        let port = self.port.filter(|p| *p > 0);
        target.id.as_ref() == Some(&self.target_id)
            && (port.is_none() || target.port == port)
            && (self.availability_zone.is_none()
                || target.availability_zone.is_none()
                || target.availability_zone == self.availability_zone)
    }
}
