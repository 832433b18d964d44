//! IAM: roles and policies.

mod instance_profile;
mod policy;
mod policy_data;
mod policy_document;
mod role;
mod role_data;
mod role_policy;
mod role_policy_attachment;
mod service_linked_role;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_iam::types::{EntityType, RoleDetail};
use sdt_aws_core::{Api, Aws};
use sdt_provider::{Cx, Error, Service, data_source, resource};

sdt_aws_core::client!(iam, "iam", aws_sdk_iam);

/// The types of this service, by name.
pub const SERVICE: Service<Aws> = Service {
    resources: &[
        resource::<service_linked_role::ServiceLinkedRole>(),
        resource::<instance_profile::InstanceProfile>(),
        resource::<policy::Policy>(),
        resource::<role::Role>(),
        resource::<role_policy::RolePolicy>(),
        resource::<role_policy_attachment::RolePolicyAttachment>(),
    ],
    data: &[
        data_source::<policy_data::PolicyData>(),
        data_source::<role_data::RoleData>(),
        data_source::<policy_document::PolicyDocument>(),
    ],
    ephemeral: &[],
};

/// From so many roles on, one account-wide listing costs less than asking for each.
const HANDFUL: usize = 5;

/// IAM takes up to two minutes until what was made is seen everywhere.
const PROPAGATION: Duration = Duration::from_secs(120);

/// Tells whether so many objects are read that listing the account costs less than asking for each.
fn many(cx: &Cx<'_, Aws>, known: usize) -> bool {
    let types = ["aws_iam_role", "aws_iam_role_policy", "aws_iam_role_policy_attachment"];
    known.max(types.iter().map(|t| cx.together(t).len()).sum()) >= HANDFUL
}

/// All roles of the account with their policies; one listing serves all types of a refresh.
async fn role_details(cx: &Cx<'_, Aws>) -> Result<Arc<Vec<RoleDetail>>, Error> {
    cx.shared("iam:GetAccountAuthorizationDetails", list_role_details(cx.api)).await
}

/// GetAccountAuthorizationDetails
async fn list_role_details(aws: &Aws) -> Result<Vec<RoleDetail>, Error> {
    let mut out = Vec::new();
    let mut marker = None;
    loop {
        let call = iam(aws).get_account_authorization_details().filter(EntityType::Role).max_items(1000);
        let answer = call.set_marker(marker).send().await.api()?;
        out.extend(answer.role_detail_list.unwrap_or_default());
        marker = answer.marker.filter(|_| answer.is_truncated);
        if marker.is_none() {
            return Ok(out);
        }
    }
}

/// Repeats a call that names something IAM may not see yet.
async fn propagated<T, F, Fut>(cx: &Cx<'_, Aws>, codes: &[&str], call: F) -> Result<T, Error>
where
    F: FnMut() -> Fut + Send,
    Fut: Future<Output = Result<T, Error>> + Send,
    T: Send,
{
    cx.retry_on(codes, PROPAGATION, call).await
}

/// IAM returns policies URL-encoded.
fn decoded(document: &str) -> String {
    percent_encoding::percent_decode_str(document).decode_utf8_lossy().into_owned()
}

/// Terraform stores seconds only.
fn whole_seconds(time: &str) -> String {
    time.split_once('.').map_or_else(|| time.to_owned(), |(seconds, _)| format!("{seconds}Z"))
}
