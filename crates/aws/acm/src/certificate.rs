//! `aws_acm_certificate`

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_acm::primitives::{Blob, DateTime, DateTimeFormat};
#[allow(deprecated, reason = "AWS logs every certificate by now, but configurations still say it")]
use aws_sdk_acm::types::{
    CertificateDetail, CertificateOptions, CertificateStatus, CertificateTransparencyLoggingPreference as Preference,
    DomainValidationOption as ApiOption, KeyAlgorithm, Tag, ValidationMethod,
};
use sdt_aws_core::{Api, Aws, each, tags};
use sdt_provider::{
    Block, Changes, Computed, Cx, Error, Id, OPERATION_TAG, OptComputed, Pace, Path, PlanEdit, Resource, Seen, Set,
    Tags, Token, Value, async_trait, checks, parse_duration,
};

use crate::acm;

fn duration(text: &str) -> Result<(), String> {
    // Both forms that the public provider knows: `2160h` and `P90D`.
    let iso = text.strip_prefix('P').is_some_and(|rest| rest.ends_with(['D', 'H', 'M', 'S', 'W', 'Y']));
    if text.is_empty() || iso || parse_duration(text).is_some() {
        Ok(())
    } else {
        Err("to be a duration such as 2160h or P90D".into())
    }
}

/// A certificate: requested, or made elsewhere and uploaded.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_acm_certificate")]
pub(crate) struct Certificate {
    id: Id,
    /// Its ARN.
    arn: Computed<String>,
    /// ARN of the authority.
    #[attr(force_new, check = checks::arn, conflicts_with(certificate_body, private_key, validation_method))]
    certificate_authority_arn: Option<String>,
    /// The certificate in PEM.
    #[attr(
        conflicts_with(certificate_authority_arn, domain_name, validation_method),
        required_with(private_key),
        carry,
        keep_null
    )]
    certificate_body: Option<String>,
    /// Its chain in PEM.
    #[attr(conflicts_with(certificate_authority_arn, domain_name, validation_method), carry, keep_null)]
    certificate_chain: Option<String>,
    /// The domain.
    #[attr(force_new, exactly_one_of(domain_name, private_key))]
    domain_name: OptComputed<String>,
    /// Records that validate the domains.
    domain_validation_options: Computed<Set<DomainValidationOption>>,
    /// How long before its end a private certificate is renewed.
    #[attr(check = duration, conflicts_with(certificate_body, certificate_chain, private_key, validation_method), carry)]
    early_renewal_duration: Option<String>,
    /// Algorithm of its key.
    #[attr(
        force_new,
        one_of("RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"),
        conflicts_with(certificate_body, certificate_chain, private_key)
    )]
    key_algorithm: OptComputed<String>,
    /// Until when it counts.
    not_after: Computed<String>,
    /// From when it counts.
    not_before: Computed<String>,
    /// Further options.
    options: OptComputed<Options>,
    /// Whether it is about to be renewed.
    pending_renewal: Computed<bool>,
    /// Its key in PEM.
    #[attr(sensitive, exactly_one_of(domain_name, private_key), carry, keep_null)]
    private_key: Option<String>,
    /// Whether AWS can renew it.
    renewal_eligibility: Computed<String>,
    /// State of the renewal.
    renewal_summary: Computed<Vec<RenewalSummary>>,
    /// Its state.
    status: Computed<String>,
    /// Further domains.
    #[attr(conflicts_with(certificate_body, certificate_chain, private_key))]
    subject_alternative_names: OptComputed<Set<String>>,
    /// Tags of the object.
    tags: Tags,
    /// Its kind.
    r#type: Computed<String>,
    /// Addresses that the mails went to.
    validation_emails: Computed<Vec<String>>,
    /// How the domains are validated.
    #[attr(
        force_new,
        one_of("EMAIL", "DNS", "HTTP"),
        conflicts_with(certificate_authority_arn, certificate_body, certificate_chain, private_key)
    )]
    validation_method: OptComputed<String>,
    /// Where the mails go.
    #[attr(carry, conflicts_with(certificate_body, certificate_chain, private_key))]
    validation_option: Set<ValidationOption>,
}

/// Records that validate the domains.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct DomainValidationOption {
    /// The domain.
    domain_name: Computed<String>,
    /// Name of the record.
    resource_record_name: Computed<String>,
    /// Type of the record.
    resource_record_type: Computed<String>,
    /// Value of the record.
    resource_record_value: Computed<String>,
}

/// Further options.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Options {
    /// Whether public logs name it.
    #[attr(default = "ENABLED", one_of("ENABLED", "DISABLED"))]
    certificate_transparency_logging_preference: Option<String>,
}

/// State of the renewal.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct RenewalSummary {
    /// State of the renewal.
    renewal_status: Computed<String>,
    /// Why it is so.
    renewal_status_reason: Computed<String>,
    /// Updated at.
    updated_at: Computed<String>,
}

/// Where the mails go.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct ValidationOption {
    /// The domain.
    #[attr(force_new)]
    domain_name: String,
    /// The domain that gets the mails.
    #[attr(force_new)]
    validation_domain: String,
}

#[async_trait]
impl Resource for Certificate {
    type Api = Aws;
    const HUMAN: &'static str = "ACM Certificate";
    const TOKEN: Token = Token::Tag;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let arn = if want.private_key.is_some() {
            want.upload(cx, None).await?
        } else {
            let mut call = acm(cx.api)
                .request_certificate()
                .set_domain_name(want.domain_name.clone())
                // Letters and digits only.
                .idempotency_token(cx.token())
                .set_certificate_authority_arn(want.certificate_authority_arn.clone())
                .set_key_algorithm(want.key_algorithm.as_deref().map(KeyAlgorithm::from))
                .set_subject_alternative_names(want.subject_alternative_names.clone().filter(|n| !n.is_empty()))
                .set_validation_method(want.validation_method.as_deref().map(ValidationMethod::from))
                .set_options(want.options.as_ref().map(Options::request))
                .set_tags(list(want.tags.clone()));
            for v in &want.validation_option {
                let option = ApiOption::builder().domain_name(&v.domain_name);
                let option = option.validation_domain(&v.validation_domain).build();
                call = call.domain_validation_options(option.map_err(|e| Error::other(e.to_string()))?);
            }
            call.send().await.api()?.certificate_arn.unwrap_or_default()
        };
        Ok(Self { id: arn.clone(), arn: Some(arn), ..want })
    }

    async fn finish(cx: &Cx<'_, Aws>, made: &Self) -> Result<(), Error> {
        if made.private_key.is_some() || made.certificate_authority_arn.is_some() {
            return Ok(());
        }
        // The records that validate the domains come a few seconds later.
        cx.wait("the certificate's validation records", Pace::QUICK, || async {
            let Some(found) = describe(cx.api, &made.id).await? else { return Ok(Seen::Pending(String::new())) };
            let by_dns = |v: &aws_sdk_acm::types::DomainValidation| v.validation_method == Some(ValidationMethod::Dns);
            let open = found.domain_validation_options();
            let ready = !open.is_empty() && open.iter().all(|v| !by_dns(v) || v.resource_record.is_some());
            let failed = found.status == Some(CertificateStatus::Failed);
            Ok(if ready || failed { Seen::Ready(()) } else { Seen::Pending("requested".into()) })
        })
        .await
    }

    // ListCertificates lacks validation, options and tags.
    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        each(known, |k| async move {
            let (found, tags) = tokio::join!(
                describe(cx.api, &k.id),
                acm(cx.api).list_tags_for_certificate().certificate_arn(&k.id).send()
            );
            let Some(found) = found? else { return Ok(None) };
            if found.status == Some(CertificateStatus::ValidationTimedOut) {
                return Ok(None);
            }
            Ok(Some(Self::seen(found, read_tags(tags.api()?.tags))))
        })
        .await
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.any(&[Self::PRIVATE_KEY, Self::CERTIFICATE_BODY, Self::CERTIFICATE_CHAIN]) {
            want.upload(cx, Some(&prior.id)).await?;
        } else if changed.has(Self::OPTIONS)
            && let Some(options) = &want.options
        {
            let call = acm(cx.api).update_certificate_options().certificate_arn(&prior.id).options(options.request());
            call.send().await.api()?;
        }
        if changed.tags() {
            let change = tags::change(&prior.tags, &want.tags);
            if !change.remove.is_empty() {
                let gone = change.remove.iter().filter_map(|k| Tag::builder().key(k).build().ok()).collect();
                acm(cx.api)
                    .remove_tags_from_certificate()
                    .certificate_arn(&prior.id)
                    .set_tags(Some(gone))
                    .send()
                    .await
                    .api()?;
            }
            if let Some(set) = list(change.set) {
                acm(cx.api)
                    .add_tags_to_certificate()
                    .certificate_arn(&prior.id)
                    .set_tags(Some(set))
                    .send()
                    .await
                    .api()?;
            }
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        // A listener that was just deleted holds its certificate for some minutes.
        cx.retry_on(&["ResourceInUseException"], Duration::from_secs(1200), || async {
            acm(cx.api).delete_certificate().certificate_arn(&prior.id).send().await.api().map(drop)
        })
        .await
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let all: Vec<_> = acm(cx.api).list_certificates().into_paginator().items().send().try_collect().await.api()?;
        for arn in all.into_iter().filter_map(|c| c.certificate_arn) {
            let found = acm(cx.api).list_tags_for_certificate().certificate_arn(&arn).send().await.api()?;
            if tags::operation(&read_tags(found.tags)) == Some(cx.token()) {
                return Ok(Some(Self { id: arn.clone(), arn: Some(arn), ..want.clone() }));
            }
        }
        Ok(None)
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        for id in ids {
            let tag = Tag::builder().key(OPERATION_TAG).build().map_err(|e| Error::other(e.to_string()))?;
            match acm(aws).remove_tags_from_certificate().certificate_arn(id).tags(tag).send().await.api() {
                Err(e) if e.is_not_found() => {}
                other => drop(other?),
            }
        }
        Ok(())
    }

    /// The domain is one of the names; a certificate that is uploaded says its own.
    fn customize(edit: &mut PlanEdit<'_>) {
        let written = edit.config(Self::SUBJECT_ALTERNATIVE_NAMES);
        let names = if written.is_null() { edit.prior(Self::SUBJECT_ALTERNATIVE_NAMES) } else { written }.clone();
        // Names that are not known yet count as none.
        let names = if names.is_wholly_known() { names } else { Value::NULL };
        let domain = edit.config(Self::DOMAIN_NAME).clone();
        if let Some(domain) = domain.as_str() {
            let items = names.as_items().unwrap_or_default();
            let mut all: BTreeSet<String> = items.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            all.insert(domain.to_owned());
            // Which records will validate it is known by domain before they are: configurations make a record for each.
            if edit.prior.is_none() && edit.config(Self::VALIDATION_METHOD).as_str() == Some("DNS") {
                let options: Vec<Value> = all.iter().map(|domain| record_of(domain)).collect();
                edit.set(Self::DOMAIN_VALIDATION_OPTIONS, Value::set(options[0].ty(), options));
            }
            let all = Value::set(sdt_value::Type::String, all.iter().map(Value::string).collect());
            edit.set(Self::SUBJECT_ALTERNATIVE_NAMES, all);
            if edit.changes(Self::SUBJECT_ALTERNATIVE_NAMES) {
                edit.replace(Self::SUBJECT_ALTERNATIVE_NAMES);
            }
        }
        // An upload under the same ARN changes what the certificate says of itself.
        if edit.prior.is_some() && edit.changes(Self::CERTIFICATE_BODY) {
            for name in [Self::NOT_AFTER, Self::NOT_BEFORE, Self::STATUS] {
                edit.set_unknown(name);
            }
        }
    }

    fn validate(config: &Value) -> Vec<sdt_provider::Complaint> {
        let names = config.get(Self::SUBJECT_ALTERNATIVE_NAMES.0).and_then(Value::as_items).unwrap_or_default();
        let bad = names.iter().filter_map(Value::as_str).find(|n| n.is_empty() || n.len() > 253 || n.ends_with('.'));
        let complain = |name: &str| {
            let detail =
                format!("expected a domain name of 1 to 253 characters without a dot at its end, got {name:?}");
            let path = Path::root().attr(Self::SUBJECT_ALTERNATIVE_NAMES.0);
            sdt_provider::invalid(path, "Invalid value for an argument", detail)
        };
        bad.map(complain).into_iter().collect()
    }
}

/// What is known of a domain's record before the certificate is there.
fn record_of(domain: &str) -> Value {
    let unknown = ["resource_record_name", "resource_record_type", "resource_record_value"];
    let unknown = unknown.map(|name| (name.into(), Value::unknown(sdt_value::Type::String)));
    let mut members: BTreeMap<sdt_value::Str, Value> = unknown.into();
    members.insert("domain_name".into(), Value::string(domain));
    Value::object(members)
}

async fn describe(aws: &Aws, arn: &str) -> Result<Option<CertificateDetail>, Error> {
    match acm(aws).describe_certificate().certificate_arn(arn).send().await.api() {
        Err(e) if e.is_not_found() => Ok(None),
        other => Ok(other?.certificate),
    }
}

impl Certificate {
    async fn upload(&self, cx: &Cx<'_, Aws>, arn: Option<&str>) -> Result<String, Error> {
        let blob = |text: &Option<String>| text.clone().filter(|t| !t.is_empty()).map(|t| Blob::new(t.into_bytes()));
        let call = acm(cx.api)
            .import_certificate()
            .set_certificate_arn(arn.map(str::to_owned))
            .set_certificate(blob(&self.certificate_body))
            .set_private_key(blob(&self.private_key))
            .set_certificate_chain(blob(&self.certificate_chain))
            // An upload over what is there takes no tags.
            .set_tags(if arn.is_none() { list(self.tags.clone()) } else { None });
        Ok(call.send().await.api()?.certificate_arn.unwrap_or_default())
    }

    #[allow(deprecated, reason = "as below")]
    fn seen(c: CertificateDetail, tags: Tags) -> Self {
        let time = |t: Option<DateTime>| t.and_then(|t| t.fmt(DateTimeFormat::DateTime).ok());
        let validations = c.domain_validation_options.unwrap_or_default();
        let records = validations.iter().filter_map(|v| {
            let record = v.resource_record.as_ref()?;
            Some(DomainValidationOption {
                domain_name: Some(v.domain_name.clone()),
                resource_record_name: Some(record.name.clone()),
                resource_record_type: Some(record.r#type.as_str().to_owned()),
                resource_record_value: Some(record.value.clone()),
            })
        });
        let records: Vec<_> = records.collect();
        let emails = validations.iter().flat_map(|v| v.validation_emails.clone().unwrap_or_default()).collect();
        let method = validations.iter().find_map(|v| v.validation_method.as_ref()).map(|m| m.as_str().to_owned());
        let eligible = c.renewal_eligibility.map(|e| e.as_str().to_owned());
        let summary = c.renewal_summary.map(|r| RenewalSummary {
            renewal_status: Some(r.renewal_status.as_str().to_owned()),
            renewal_status_reason: Some(r.renewal_status_reason.map(|r| r.as_str().to_owned()).unwrap_or_default()),
            updated_at: r.updated_at.fmt(DateTimeFormat::DateTime).ok(),
        });
        Self {
            id: c.certificate_arn.clone().unwrap_or_default(),
            arn: c.certificate_arn,
            certificate_authority_arn: c.certificate_authority_arn,
            certificate_body: None,
            certificate_chain: None,
            domain_name: c.domain_name,
            domain_validation_options: Some(records),
            early_renewal_duration: None,
            // AWS writes RSA-2048 where it takes RSA_2048.
            key_algorithm: c.key_algorithm.map(|a| a.as_str().replace('-', "_")),
            not_after: time(c.not_after),
            not_before: time(c.not_before),
            options: c.options.map(|o| Options {
                certificate_transparency_logging_preference: o
                    .certificate_transparency_logging_preference
                    .map(|p| p.as_str().to_owned()),
            }),
            pending_renewal: Some(false),
            private_key: None,
            renewal_eligibility: eligible,
            renewal_summary: Some(summary.into_iter().collect()),
            status: c.status.map(|s| s.as_str().to_owned()),
            subject_alternative_names: Some(c.subject_alternative_names.unwrap_or_default()),
            tags,
            r#type: c.r#type.map(|t| t.as_str().to_owned()),
            validation_emails: Some(emails),
            validation_method: method.or_else(|| Some("NONE".into())),
            validation_option: Vec::new(),
        }
    }
}

impl Options {
    #[allow(deprecated, reason = "as above")]
    fn request(&self) -> CertificateOptions {
        let preference = self.certificate_transparency_logging_preference.as_deref();
        CertificateOptions::builder()
            .set_certificate_transparency_logging_preference(preference.map(Preference::from))
            .build()
    }
}

fn list(tags: impl IntoIterator<Item = (String, String)>) -> Option<Vec<Tag>> {
    let tags: Vec<Tag> = tags.into_iter().filter_map(|(k, v)| Tag::builder().key(k).value(v).build().ok()).collect();
    (!tags.is_empty()).then_some(tags)
}

fn read_tags(tags: Option<Vec<Tag>>) -> Tags {
    tags.into_iter().flatten().map(|t| (t.key, t.value.unwrap_or_default())).collect()
}
