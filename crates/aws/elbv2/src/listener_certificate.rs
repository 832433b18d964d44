//! `aws_lb_listener_certificate`

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::Certificate;
use sdt_aws_core::{Api, Aws, each};
use sdt_provider::{Changes, Cx, Error, Id, Name, Resource, Token, Value, async_trait, checks};

use crate::elbv2;

/// A further certificate of a listener.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_lb_listener_certificate")]
pub(crate) struct ListenerCertificate {
    id: Id,
    /// ARN of the certificate.
    #[attr(force_new, check = checks::arn)]
    certificate_arn: String,
    /// ARN of the listener.
    #[attr(force_new, check = checks::arn)]
    listener_arn: String,
}

#[async_trait]
impl Resource for ListenerCertificate {
    type Api = Aws;
    const HUMAN: &'static str = "ELBv2 Listener Certificate";
    const TOKEN: Token = Token::Name;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        // A certificate that was just issued may not be visible yet.
        let limit = std::time::Duration::from_secs(120);
        cx.retry_on(&["CertificateNotFound"], limit, || async {
            let certificate = Certificate::builder().certificate_arn(&want.certificate_arn).build();
            let call = elbv2(cx.api).add_listener_certificates().listener_arn(&want.listener_arn);
            call.certificates(certificate).send().await.api().map(drop)
        })
        .await?;
        Ok(Self { id: format!("{}_{}", want.listener_arn, want.certificate_arn), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        // One call for the certificates of a listener.
        let listeners: Vec<String> =
            known.iter().map(|k| k.listener_arn.clone()).collect::<BTreeSet<_>>().into_iter().collect();
        let found = each(&listeners, |arn| async move {
            let pages = elbv2(cx.api).describe_listener_certificates().listener_arn(&arn).into_paginator().items();
            let all: Vec<Certificate> = pages.send().try_collect().await.api()?;
            let further = all.into_iter().filter(|c| c.is_default != Some(true)).filter_map(|c| c.certificate_arn);
            Ok(Some(further.map(|c| (arn.clone(), c)).collect::<Vec<_>>()))
        });
        let found: BTreeSet<(String, String)> = found.await?.into_iter().flatten().flatten().collect();
        let there = |k: &Self| found.contains(&(k.listener_arn.clone(), k.certificate_arn.clone()));
        Ok(known.iter().map(|k| there(k).then(|| k.clone())).collect())
    }

    async fn update(_cx: &Cx<'_, Aws>, _prior: &Self, _want: &Self, _changed: &Changes) -> Result<(), Error> {
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        let certificate = Certificate::builder().certificate_arn(&prior.certificate_arn).build();
        let call = elbv2(cx.api).remove_listener_certificates().listener_arn(&prior.listener_arn);
        match call.certificates(certificate).send().await.api() {
            Err(e) if e.has_code(&["CertificateNotFound", "ListenerNotFound"]) => Ok(()),
            other => other.map(drop),
        }
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let id = format!("{}_{}", want.listener_arn, want.certificate_arn);
        let found = Self::read_many(cx, std::slice::from_ref(want)).await?.pop().flatten();
        Ok(found.map(|f| Self { id, ..f }))
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        match id.split_once("_arn:") {
            Some((listener, certificate)) if listener.starts_with("arn:") => Ok(vec![
                (Self::LISTENER_ARN, Value::string(listener)),
                (Self::CERTIFICATE_ARN, Value::string(format!("arn:{certificate}"))),
            ]),
            _ => Err("LISTENER_ARN_CERTIFICATE_ARN".into()),
        }
    }
}
