//! Functions of the AWS provider: pure text, so they are here with the others.

use sdt_value::{Type, Value};

use crate::call::{Out, arg, str_arg};
use crate::{Function, Param};

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new("provider::aws::arn_parse", "Takes an ARN apart.", &[Param::string("arn")], Type::Dynamic, |a, _| {
        let [partition, service, region, account_id, resource] = parts(str_arg(a, 0))?;
        let members = [
            ("account_id", account_id),
            ("partition", partition),
            ("region", region),
            ("resource", resource),
            ("service", service),
        ];
        Ok(Value::object(members.map(|(k, v)| (k, Value::string(v)))))
    }),
    Function::new(
        "provider::aws::arn_build",
        "Puts an ARN together.",
        &[
            Param::string("partition"),
            Param::string("service"),
            Param::string("region"),
            Param::string("account_id"),
            Param::string("resource"),
        ],
        Type::String,
        |a, _| {
            let parts: Vec<&str> = (0..5).map(|i| str_arg(a, i)).collect();
            Ok(Value::string(format!("arn:{}", parts.join(":"))))
        },
    ),
    Function::new(
        "provider::aws::trim_iam_role_path",
        "Returns the ARN of an IAM role without the role's path.",
        &[Param::string("arn")],
        Type::String,
        |a, _| {
            let text = str_arg(a, 0);
            let [partition, service, region, account, resource] = parts(text)?;
            let Some(role) = resource.strip_prefix("role/").filter(|_| service == "iam") else {
                let what = if service == "iam" { "resource" } else { "service" };
                return arg(0, format!("{text:?} is not the ARN of an IAM role: its {what} is another"));
            };
            let name = role.rsplit('/').next().unwrap_or_default();
            Ok(Value::string(format!("arn:{partition}:{service}:{region}:{account}:role/{name}")))
        },
    ),
];

/// Partition, service, region, account, resource.
fn parts(text: &str) -> Out<[&str; 5]> {
    let Some(rest) = text.strip_prefix("arn:") else {
        return arg(0, format!("{text:?} cannot be parsed as an ARN: it does not begin with \"arn:\""));
    };
    let parts: Vec<&str> = rest.splitn(5, ':').collect();
    <[&str; 5]>::try_from(parts)
        .or_else(|_| arg(0, format!("{text:?} cannot be parsed as an ARN: it has fewer than six parts")))
}

#[cfg(test)]
mod tests {
    use crate::call::testing::check;

    #[test]
    fn arns() {
        check(&[
            (
                "provider::aws::arn_parse",
                r#"["arn:aws:iam::444455556666:role/example"]"#,
                r#"{"account_id":"444455556666","partition":"aws","region":"","resource":"role/example","service":"iam"}"#,
            ),
            ("provider::aws::arn_parse", r#"["aws:iam"]"#, "arg 0: …"),
            ("provider::aws::arn_parse", r#"["arn:aws:iam"]"#, "arg 0: …"),
            (
                "provider::aws::arn_build",
                r#"["aws","iam","","444455556666","role/example"]"#,
                r#""arn:aws:iam::444455556666:role/example""#,
            ),
            (
                "provider::aws::trim_iam_role_path",
                r#"["arn:aws:iam::444455556666:role/with/path/example"]"#,
                r#""arn:aws:iam::444455556666:role/example""#,
            ),
            ("provider::aws::trim_iam_role_path", r#"["arn:aws:ec2::444455556666:role/example"]"#, "arg 0: …"),
        ]);
    }
}
