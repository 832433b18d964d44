//! `aws_cloudwatch_metric_alarm`

use sdt_aws_core::{Aws, tagging, tags};
use sdt_provider::{
    Block, Changes, Complaint, Computed, Cx, Described, Error, Id, Map, Name, OPERATION_TAG, OptComputed, Path,
    PlanEdit, Resource, Set, Tags, Token, Value, async_trait, checks, invalid,
};
use serde_json::{Value as Json, json};

use crate::cloudwatch;

/// Watches a metric and acts when it is too high or too low.
#[derive(Clone, Debug, PartialEq, Resource)]
#[resource(name = "aws_cloudwatch_metric_alarm", version = 1)]
pub(crate) struct MetricAlarm {
    id: Id,
    /// Whether anything happens at all.
    #[attr(default = true)]
    actions_enabled: Option<bool>,
    /// What happens when the alarm goes off.
    #[attr(check = checks::arn)]
    alarm_actions: Option<Set<String>>,
    /// What the alarm is for.
    #[attr(length(0..=1024))]
    alarm_description: Option<String>,
    /// Its name.
    #[attr(force_new, length(1..=255))]
    alarm_name: String,
    /// Its ARN.
    arn: Computed<String>,
    /// How the value is compared with the threshold.
    #[attr(one_of(
        "GreaterThanOrEqualToThreshold",
        "GreaterThanThreshold",
        "LessThanThreshold",
        "LessThanOrEqualToThreshold",
        "LessThanLowerOrGreaterThanUpperThreshold",
        "LessThanLowerThreshold",
        "GreaterThanUpperThreshold"
    ))]
    comparison_operator: String,
    /// How many of them must be bad.
    #[attr(range(1..))]
    datapoints_to_alarm: Option<i32>,
    /// What the metric is about.
    #[attr(conflicts_with(metric_query))]
    dimensions: Option<Map<String>>,
    /// What becomes of percentiles of few samples.
    #[attr(one_of("evaluate", "ignore"), any_case)]
    evaluate_low_sample_count_percentiles: OptComputed<String>,
    /// Periods that are looked at.
    #[attr(range(1..))]
    evaluation_periods: i32,
    /// A percentile: `p95`.
    #[attr(conflicts_with(metric_query, statistic), check = extended)]
    extended_statistic: Option<String>,
    /// What happens when there are no data.
    #[attr(check = checks::arn)]
    insufficient_data_actions: Option<Set<String>>,
    /// Name of the metric.
    #[attr(length(1..=255), conflicts_with(metric_query))]
    metric_name: Option<String>,
    /// Metrics and expressions.
    #[attr(conflicts_with(metric_name))]
    metric_query: Set<MetricQuery>,
    /// Namespace of the metric.
    #[attr(length(1..=255), conflicts_with(metric_query))]
    namespace: Option<String>,
    /// What happens when all is well again.
    #[attr(check = checks::arn)]
    ok_actions: Option<Set<String>>,
    /// Seconds of a period.
    #[attr(conflicts_with(metric_query))]
    period: Option<i32>,
    /// How values become one.
    #[attr(
        one_of("SampleCount", "Average", "Sum", "Minimum", "Maximum"),
        conflicts_with(extended_statistic, metric_query)
    )]
    statistic: Option<String>,
    /// Tags of the object.
    tags: Tags,
    /// The value that is too much or too little.
    #[attr(conflicts_with(threshold_metric_id))]
    threshold: Option<f64>,
    /// Metric that gives the threshold.
    #[attr(conflicts_with(threshold))]
    threshold_metric_id: Option<String>,
    /// What missing data count as.
    #[attr(default = "missing", one_of("breaching", "ignore", "missing", "notBreaching"), any_case)]
    treat_missing_data: Option<String>,
    /// Unit of the values.
    #[attr(one_of(
        "Seconds",
        "Microseconds",
        "Milliseconds",
        "Bytes",
        "Kilobytes",
        "Megabytes",
        "Gigabytes",
        "Terabytes",
        "Bits",
        "Kilobits",
        "Megabits",
        "Gigabits",
        "Terabits",
        "Percent",
        "Count",
        "Bytes/Second",
        "Kilobytes/Second",
        "Megabytes/Second",
        "Gigabytes/Second",
        "Terabytes/Second",
        "Bits/Second",
        "Kilobits/Second",
        "Megabits/Second",
        "Gigabits/Second",
        "Terabits/Second",
        "Count/Second",
        "None"
    ))]
    unit: Option<String>,
}

/// Metrics and expressions.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct MetricQuery {
    /// Account of the metric.
    #[attr(default = "", length(1..=255))]
    account_id: Option<String>,
    /// Expression over the other metrics.
    #[attr(default = "", length(1..=1024))]
    expression: Option<String>,
    /// Its name in expressions.
    #[attr(length(1..=255))]
    id: String,
    /// Name that people see.
    #[attr(default = "")]
    label: Option<String>,
    /// A metric and how its values become one.
    metric: Option<Metric>,
    /// Seconds of a period.
    period: Option<i32>,
    /// Whether this one is the result.
    #[attr(default = false)]
    return_data: Option<bool>,
}

/// A metric and how its values become one.
#[derive(Clone, Debug, PartialEq, Block)]
pub(crate) struct Metric {
    /// What the metric is about.
    dimensions: Option<Map<String>>,
    /// Name of the metric.
    #[attr(length(1..=255))]
    metric_name: String,
    /// Namespace of the metric.
    #[attr(default = "")]
    namespace: Option<String>,
    /// Seconds of a period.
    period: i32,
    /// How values become one.
    #[attr(check = statistic)]
    stat: String,
    /// Unit of the values.
    #[attr(default = "", check = unit)]
    unit: Option<String>,
}

/// Complains of a period that is none: some seconds, or whole minutes.
fn period(of: &Value, at: &Path, seconds: &[i64], out: &mut Vec<Complaint>) {
    let name = MetricAlarm::PERIOD.0;
    let Some(n) = of.get(name).and_then(Value::as_number).and_then(|n| n.as_i64()) else { return };
    if !seconds.contains(&n) && n % 60 != 0 {
        let detail = format!("expected period to be one of {seconds:?} or a multiple of 60, got {n}");
        out.push(invalid(at.attr(name), "Invalid value for an argument", detail));
    }
}

/// A statistic, plain or extended.
fn statistic(text: &str) -> Result<(), String> {
    let plain = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"].contains(&text);
    if plain { Ok(()) } else { extended(text) }
}

fn unit(text: &str) -> Result<(), String> {
    const SIZES: [&str; 10] = [
        "Bits",
        "Kilobits",
        "Megabits",
        "Gigabits",
        "Terabits",
        "Bytes",
        "Kilobytes",
        "Megabytes",
        "Gigabytes",
        "Terabytes",
    ];
    let amount = |t: &str| t == "Count" || SIZES.contains(&t);
    let plain = ["Seconds", "Microseconds", "Milliseconds", "Percent", "None"].contains(&text);
    let fits = plain || amount(text.strip_suffix("/Second").unwrap_or(text));
    if fits { Ok(()) } else { Err("to be a unit such as Count or Bytes/Second".into()) }
}

/// A percentile or a trimmed statistic: `p95`, `tm90`, `IQM`, `TM(10%:90%)`.
fn extended(text: &str) -> Result<(), String> {
    let number =
        |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit() || b == b'.') && t.parse::<f64>().is_ok();
    let short = ["p", "tm", "wm", "tc", "ts"].iter().any(|head| text.strip_prefix(head).is_some_and(number));
    let bound = |t: &str| t.is_empty() || number(t.strip_suffix('%').unwrap_or(t));
    let span = ["TM(", "WM(", "PR(", "TC(", "TS("].iter().any(|head| {
        let inner = text.strip_prefix(head).and_then(|t| t.strip_suffix(')'));
        inner.and_then(|t| t.split_once(':')).is_some_and(|(a, b)| bound(a) && bound(b))
    });
    if text == "IQM" || short || span {
        Ok(())
    } else {
        Err("to be a statistic such as p95, tm90 or TM(10%:90%)".into())
    }
}

#[async_trait]
impl Resource for MetricAlarm {
    type Api = Aws;
    const HUMAN: &'static str = "CloudWatch Metric Alarm";
    const TOKEN: Token = Token::Tag;
    // DescribeAlarms takes a hundred names.
    const CHUNK: usize = 100;

    async fn create(cx: &Cx<'_, Aws>, want: Self) -> Result<Self, Error> {
        let mut input = want.request();
        if !want.tags.is_empty() {
            input["Tags"] = list(&want.tags);
        }
        cloudwatch(cx.api).call("PutMetricAlarm", input).await?;
        Ok(Self { id: want.alarm_name.clone(), ..want })
    }

    async fn read_many(cx: &Cx<'_, Aws>, known: &[Self]) -> Result<Vec<Option<Self>>, Error> {
        let names: Vec<&str> = known.iter().map(|k| k.id.as_str()).collect();
        let input = json!({ "AlarmNames": names, "AlarmTypes": ["MetricAlarm"], "MaxRecords": 100 });
        let answer = cloudwatch(cx.api).call("DescribeAlarms", input).await?;
        let alarms = answer["MetricAlarms"].as_array().cloned().unwrap_or_default();
        let of = |k: &Self| alarms.iter().find(|a| a["AlarmName"].as_str() == Some(&k.id)).cloned();
        let found: Vec<Option<Json>> = known.iter().map(of).collect();
        let prior = |k: &Self, a: &Json| (string(&a["AlarmArn"]).unwrap_or_default(), k.tags.clone());
        let arns: Vec<_> = known.iter().zip(&found).filter_map(|(k, a)| Some(prior(k, a.as_ref()?))).collect();
        let tags = tagging::confirmed(cx, Self::META.name, &arns, |arn| async move {
            let answer = cloudwatch(cx.api).call("ListTagsForResource", json!({ "ResourceARN": arn })).await?;
            let tags = answer["Tags"].as_array().into_iter().flatten();
            Ok(tags.filter_map(|t| Some((string(&t["Key"])?, string(&t["Value"]).unwrap_or_default()))).collect())
        });
        let mut tags = tags.await?.into_iter();
        let one = |alarm: Option<Json>| {
            let alarm = alarm?;
            Some(Self::seen(&alarm, tags.next().flatten()?))
        };
        Ok(found.into_iter().map(one).collect())
    }

    async fn update(cx: &Cx<'_, Aws>, prior: &Self, want: &Self, changed: &Changes) -> Result<(), Error> {
        if changed.0.iter().any(|name| *name != "tags") {
            cloudwatch(cx.api).call("PutMetricAlarm", want.request()).await?;
        }
        if changed.tags() {
            let change = tags::change(&prior.tags, &want.tags);
            let arn = prior.arn.as_deref().unwrap_or_default();
            if !change.remove.is_empty() {
                let input = json!({ "ResourceARN": arn, "TagKeys": change.remove });
                cloudwatch(cx.api).call("UntagResource", input).await?;
            }
            if !change.set.is_empty() {
                let input = json!({ "ResourceARN": arn, "Tags": list(&change.set.into_iter().collect()) });
                cloudwatch(cx.api).call("TagResource", input).await?;
            }
        }
        Ok(())
    }

    async fn delete(cx: &Cx<'_, Aws>, prior: &Self) -> Result<(), Error> {
        cloudwatch(cx.api).call("DeleteAlarms", json!({ "AlarmNames": [prior.id] })).await.map(drop)
    }

    async fn recover(cx: &Cx<'_, Aws>, want: &Self) -> Result<Option<Self>, Error> {
        let made = Self { id: want.alarm_name.clone(), ..want.clone() };
        let found = Self::read_many(cx, std::slice::from_ref(&made)).await?.pop().flatten();
        Ok(found.filter(|f| tags::operation(&f.tags) == Some(cx.token())).map(|f| Self { arn: f.arn, ..made }))
    }

    async fn forget_token(aws: &Aws, ids: &[String]) -> Result<(), Error> {
        let answer = cloudwatch(aws).call("DescribeAlarms", json!({ "AlarmNames": ids, "MaxRecords": 100 })).await?;
        for alarm in answer["MetricAlarms"].as_array().into_iter().flatten() {
            let input = json!({ "ResourceARN": alarm["AlarmArn"], "TagKeys": [OPERATION_TAG] });
            match cloudwatch(aws).call("UntagResource", input).await {
                Err(e) if e.is_not_found() => {}
                other => drop(other?),
            }
        }
        Ok(())
    }

    fn customize(edit: &mut PlanEdit<'_>) {
        if edit.has(Self::METRIC_NAME) && !edit.has(Self::STATISTIC) && !edit.has(Self::EXTENDED_STATISTIC) {
            let detail = "One of statistic or extended_statistic must be set for an alarm on a metric";
            edit.refuse(Self::STATISTIC, detail);
        }
    }

    fn validate(config: &Value) -> Vec<Complaint> {
        let mut out = Vec::new();
        period(config, &Path::root(), &[10, 20, 30], &mut out);
        let items = |of: &Value, name: &str| of.get(name).and_then(Value::as_items).unwrap_or_default().to_vec();
        for query in items(config, Self::METRIC_QUERY.0) {
            let at = Path::root().attr(Self::METRIC_QUERY.0);
            period(&query, &at, &[1, 5, 10, 20, 30], &mut out);
            items(&query, "metric").iter().for_each(|metric| period(metric, &at, &[1, 5, 10, 20, 30], &mut out));
        }
        out
    }

    fn import(id: &str) -> Result<Vec<(Name, Value)>, String> {
        Ok(vec![(Self::ALARM_NAME, Value::string(id))])
    }
}

impl MetricAlarm {
    fn request(&self) -> Json {
        let mut input = json!({
            "AlarmName": self.alarm_name,
            "ComparisonOperator": self.comparison_operator,
            "EvaluationPeriods": self.evaluation_periods,
            "ActionsEnabled": self.actions_enabled != Some(false),
            "AlarmActions": self.alarm_actions.clone().unwrap_or_default(),
            "OKActions": self.ok_actions.clone().unwrap_or_default(),
            "InsufficientDataActions": self.insufficient_data_actions.clone().unwrap_or_default(),
            "TreatMissingData": self.treat_missing_data.as_deref().unwrap_or("missing"),
        });
        let mut text = |key: &str, value: &Option<String>| {
            if let Some(value) = value.as_deref().filter(|v| !v.is_empty()) {
                input[key] = json!(value);
            }
        };
        text("AlarmDescription", &self.alarm_description);
        text("EvaluateLowSampleCountPercentile", &self.evaluate_low_sample_count_percentiles);
        text("ExtendedStatistic", &self.extended_statistic);
        text("MetricName", &self.metric_name);
        text("Namespace", &self.namespace);
        text("Statistic", &self.statistic);
        text("ThresholdMetricId", &self.threshold_metric_id);
        text("Unit", &self.unit);
        if let Some(n) = self.datapoints_to_alarm.filter(|n| *n > 0) {
            input["DatapointsToAlarm"] = json!(n);
        }
        if let Some(n) = self.period.filter(|n| *n > 0) {
            input["Period"] = json!(n);
        }
        if self.threshold_metric_id.is_none() {
            input["Threshold"] = json!(self.threshold.unwrap_or_default());
        }
        if let Some(dimensions) = self.dimensions.as_ref().filter(|d| !d.is_empty()) {
            input["Dimensions"] = pairs(dimensions);
        }
        if !self.metric_query.is_empty() {
            input["Metrics"] = self.metric_query.iter().map(MetricQuery::request).collect();
        }
        input
    }

    fn seen(a: &Json, tags: Tags) -> Self {
        let names = |key: &str| Some(a[key].as_array().into_iter().flatten().filter_map(string).collect());
        let by_metric = string(&a["ThresholdMetricId"]);
        let queries = a["Metrics"].as_array().into_iter().flatten().map(MetricQuery::seen);
        Self {
            id: string(&a["AlarmName"]).unwrap_or_default(),
            actions_enabled: a["ActionsEnabled"].as_bool(),
            alarm_actions: names("AlarmActions"),
            alarm_description: string(&a["AlarmDescription"]),
            alarm_name: string(&a["AlarmName"]).unwrap_or_default(),
            arn: string(&a["AlarmArn"]),
            comparison_operator: string(&a["ComparisonOperator"]).unwrap_or_default(),
            datapoints_to_alarm: number(&a["DatapointsToAlarm"]),
            dimensions: Some(from_pairs(&a["Dimensions"])),
            evaluate_low_sample_count_percentiles: string(&a["EvaluateLowSampleCountPercentile"]),
            evaluation_periods: number(&a["EvaluationPeriods"]).unwrap_or_default(),
            extended_statistic: string(&a["ExtendedStatistic"]),
            insufficient_data_actions: names("InsufficientDataActions"),
            metric_name: string(&a["MetricName"]),
            metric_query: queries.collect(),
            namespace: string(&a["Namespace"]),
            ok_actions: names("OKActions"),
            period: number(&a["Period"]),
            statistic: string(&a["Statistic"]),
            tags,
            threshold: a["Threshold"].as_f64().filter(|_| by_metric.is_none()),
            threshold_metric_id: by_metric,
            treat_missing_data: string(&a["TreatMissingData"]).or_else(|| Some("missing".into())),
            unit: string(&a["Unit"]),
        }
    }
}

impl MetricQuery {
    fn request(&self) -> Json {
        let mut query = json!({ "Id": self.id, "ReturnData": self.return_data == Some(true) });
        let mut text = |key: &str, value: &Option<String>| {
            if let Some(value) = value.as_deref().filter(|v| !v.is_empty()) {
                query[key] = json!(value);
            }
        };
        text("AccountId", &self.account_id);
        text("Expression", &self.expression);
        text("Label", &self.label);
        if let Some(n) = self.period.filter(|n| *n > 0) {
            query["Period"] = json!(n);
        }
        if let Some(m) = &self.metric {
            let mut stat = json!({
                "Metric": { "MetricName": m.metric_name, "Dimensions": pairs(m.dimensions.as_ref().unwrap_or(&Map::new())) },
                "Period": m.period,
                "Stat": m.stat,
            });
            if let Some(namespace) = m.namespace.as_deref().filter(|n| !n.is_empty()) {
                stat["Metric"]["Namespace"] = json!(namespace);
            }
            if let Some(unit) = m.unit.as_deref().filter(|u| !u.is_empty()) {
                stat["Unit"] = json!(unit);
            }
            query["MetricStat"] = stat;
        }
        query
    }

    fn seen(q: &Json) -> Self {
        let stat = &q["MetricStat"];
        let metric = stat.is_object().then(|| Metric {
            dimensions: Some(from_pairs(&stat["Metric"]["Dimensions"])),
            metric_name: string(&stat["Metric"]["MetricName"]).unwrap_or_default(),
            namespace: string(&stat["Metric"]["Namespace"]),
            period: number(&stat["Period"]).unwrap_or_default(),
            stat: string(&stat["Stat"]).unwrap_or_default(),
            unit: string(&stat["Unit"]),
        });
        Self {
            account_id: string(&q["AccountId"]),
            expression: string(&q["Expression"]),
            id: string(&q["Id"]).unwrap_or_default(),
            label: string(&q["Label"]),
            metric,
            period: number(&q["Period"]),
            return_data: q["ReturnData"].as_bool(),
        }
    }
}

fn string(value: &Json) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn number(value: &Json) -> Option<i32> {
    // Some answers write whole numbers with a fraction.
    value.as_f64().map(|n| n as i32)
}

fn pairs(dimensions: &Map<String>) -> Json {
    dimensions.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect()
}

fn from_pairs(value: &Json) -> Map<String> {
    let all = value.as_array().into_iter().flatten();
    all.filter_map(|d| Some((string(&d["Name"])?, string(&d["Value"])?))).collect()
}

fn list(tags: &Tags) -> Json {
    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}
