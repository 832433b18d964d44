//! `aws_efs_file_system_policy`

use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{Changes, Cx, Error, Id, Json, Name, Resource, Token, Value, async_trait, equal};

use crate::efs;

/// Who may do what with a file system.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_efs_file_system_policy")]
pub(crate) struct FileSystemPolicy {
    id: Id,
    /// Allows a policy that locks its author out.
    #[attr(default = false, carry)]
    bypass_policy_lockout_safety_check: Option<bool>,
    /// The file system.
    #[attr(force_new)]
    file_system_id: String,
    /// The policy.
    #[attr(same = equal::policy)]
    policy: Json,
}

#[async_trait]
impl Resource for FileSystemPolicy {
    type Api = Aws;
    const HUMAN: &'static str = "EFS File System Policy";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        want.put(cx).await?;
        Ok(Self { id: want.file_system_id.clone(), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let answer = efs(cx.api).describe_file_system_policy().file_system_id(&k.id).send().await.api()?;
            Ok(answer.policy.map(|policy| Self {
                bypass_policy_lockout_safety_check: None,
                file_system_id: k.id.clone(),
                id: k.id,
                policy,
            }))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, _prior: &Self, want: &Self, _changed: &Changes) -> Result<(), Error> {
        want.put(cx).await
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        efs(cx.api).delete_file_system_policy().file_system_id(&prior.id).send().await.api().map(drop)
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let made = Self { id: want.file_system_id.clone(), ..want.clone() };
        let found = Self::read_many(cx, std::slice::from_ref(&made)).await?.pop().flatten();
        let same = |f: &Self| equal::policy(&Value::string(&f.policy), &Value::string(&want.policy));
        Ok(found.filter(same).map(|_| made))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::FILE_SYSTEM_ID, Value::string(id))])
    }
}

impl FileSystemPolicy {
    async fn put(&self, cx: &Cx<'_, Aws>) -> Result<(), Error> {
        let call = efs(cx.api).put_file_system_policy().file_system_id(&self.file_system_id).policy(&self.policy);
        let call = call.set_bypass_policy_lockout_safety_check(self.bypass_policy_lockout_safety_check);
        let call = &call;
        // A role that the policy names may not be visible to EFS yet.
        let limit = std::time::Duration::from_secs(120);
        cx.retry_on(&["InvalidPolicyException"], limit, || async move { call.clone().send().await.api().map(drop) })
            .await
    }
}
