//! Keys and certificates of the tls provider, checked by openssl and ssh-keygen where they are installed.

mod common;

use std::path::Path;
use std::process::Command;

use common::{create, plan, random, read, strings, text};
use sdt_provider::{Mode, Provider as _};
use sdt_value::{Type, Value};

/// What a program says of files in a folder; `None` when it is not installed.
fn says(dir: &Path, program: &str, args: &[&str]) -> Option<String> {
    let out = Command::new(program).args(args).current_dir(dir).output().ok()?;
    let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{program} {args:?}: {text}");
    Some(text)
}

fn write(dir: &Path, name: &str, content: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = dir.join(name);
    std::fs::write(&path, content).expect("a file");
    // ssh-keygen refuses keys that others can read.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
}

fn subject(members: &[(&str, &str)]) -> Value {
    let provider = sdt_std::tls(random());
    let schema = provider.schema(Mode::Managed, "tls_cert_request").expect("a type");
    let block = &schema.block.blocks["subject"].block;
    let mut object = block.empty_value().as_members().cloned().expect("an object");
    for (name, value) in members {
        object.insert((*name).into(), Value::string(value));
    }
    Value::list(block.implied_type(), vec![Value::object(object)])
}

#[tokio::test]
async fn keys_are_what_other_programs_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let provider = sdt_std::tls(random());
    let curve = |c: &str| vec![("algorithm", Value::string("ECDSA")), ("ecdsa_curve", Value::string(c))];
    let rsa = |n: i64| vec![("algorithm", Value::string("RSA")), ("rsa_bits", Value::number(n))];
    let ed = || vec![("algorithm", Value::string("ED25519")), ("ecdsa_curve", Value::string("P256"))];
    for set in [rsa(2048), rsa(1024), curve("P256"), curve("P384"), curve("P521"), ed()] {
        let [a, b] = <[_; 2]>::try_from(set).expect("two members");
        let key = create(&provider, "tls_private_key", [a, b]).await.expect("a key");
        let data = read(
            &provider,
            "tls_public_key",
            [("private_key_openssh", key.get("private_key_openssh").cloned().expect("a key"))],
        )
        .await;
        let data = data.expect("a public key");
        for name in ["id", "public_key_pem", "public_key_openssh", "public_key_fingerprint_sha256"] {
            assert_eq!(text(&data, name), text(&key, name));
        }
        let public = text(&key, "public_key_pem");
        for form in ["private_key_pem", "private_key_pem_pkcs8"] {
            write(dir, "key", &text(&key, form));
            if let Some(found) = says(dir, "openssl", &["pkey", "-in", "key", "-pubout"]) {
                assert_eq!(found, public, "{form}");
            }
        }
        write(dir, "key", &text(&key, "private_key_openssh"));
        if let Some(found) = says(dir, "ssh-keygen", &["-y", "-f", "key"]) {
            assert_eq!(found.trim(), text(&key, "public_key_openssh").trim());
            let shown = says(dir, "ssh-keygen", &["-l", "-f", "key"]).expect("a fingerprint");
            assert!(shown.contains(&text(&key, "public_key_fingerprint_sha256")), "{shown}");
            let shown = says(dir, "ssh-keygen", &["-l", "-E", "md5", "-f", "key"]).expect("a fingerprint");
            assert!(shown.contains(&text(&key, "public_key_fingerprint_md5")), "{shown}");
        }
    }
    let refused = create(&provider, "tls_private_key", [("algorithm", Value::string("ECDSA"))]).await;
    assert!(refused.expect_err("no P224").contains("Set ecdsa_curve to P256"));
}

#[tokio::test]
async fn a_chain_of_certificates_holds() {
    let dir = tempfile::tempdir().expect("a folder");
    let dir = dir.path();
    let provider = sdt_std::tls(random());
    let named =
        |name: &str, value: Value| -> (&'static str, Value) { (Box::leak(name.to_owned().into_boxed_str()), value) };
    let algorithms = [("RSA", "P256"), ("ECDSA", "P384"), ("ED25519", "P256")];
    for (algorithm, curve) in algorithms {
        let set = [("algorithm", Value::string(algorithm)), ("ecdsa_curve", Value::string(curve))];
        let ca_key = create(&provider, "tls_private_key", set.clone()).await.expect("a key");
        let key = create(&provider, "tls_private_key", set).await.expect("a key");
        let ca = create(
            &provider,
            "tls_self_signed_cert",
            [
                named("private_key_pem", ca_key.get("private_key_pem").cloned().expect("a key")),
                (
                    "subject",
                    subject(&[("common_name", "Example CA"), ("organization", "ACME, Inc."), ("country", "DE")]),
                ),
                ("validity_period_hours", Value::number(24)),
                ("is_ca_certificate", Value::TRUE),
                ("set_authority_key_id", Value::TRUE),
                ("allowed_uses", strings(&["cert_signing", "crl_signing", "digital_signature"])),
            ],
        )
        .await
        .expect("a certificate");
        assert_eq!(text(&ca, "key_algorithm"), algorithm);
        let request = create(
            &provider,
            "tls_cert_request",
            [
                named("private_key_pem", key.get("private_key_pem").cloned().expect("a key")),
                ("subject", subject(&[("common_name", "www.example.com"), ("email_address", "x@example.com")])),
                ("dns_names", strings(&["www.example.com", "*.example.org"])),
                ("ip_addresses", strings(&["10.0.0.1", "2001:db8::1"])),
                ("uris", strings(&["spiffe://example.org/a"])),
            ],
        )
        .await
        .expect("a request");
        let leaf = create(
            &provider,
            "tls_locally_signed_cert",
            [
                ("cert_request_pem", request.get("cert_request_pem").cloned().expect("a request")),
                ("ca_private_key_pem", ca_key.get("private_key_pem").cloned().expect("a key")),
                ("ca_cert_pem", ca.get("cert_pem").cloned().expect("a certificate")),
                ("validity_period_hours", Value::number(12)),
                ("set_subject_key_id", Value::TRUE),
                ("allowed_uses", strings(&["key_encipherment", "decipher_only", "server_auth", "client_auth"])),
            ],
        )
        .await
        .expect("a certificate");
        write(dir, "ca.pem", &text(&ca, "cert_pem"));
        write(dir, "leaf.pem", &text(&leaf, "cert_pem"));
        write(dir, "request.pem", &text(&request, "cert_request_pem"));
        if says(dir, "openssl", &["version"]).is_some() {
            says(
                dir,
                "openssl",
                &[
                    "verify",
                    "-x509_strict",
                    "-CAfile",
                    "ca.pem",
                    "-purpose",
                    "sslserver",
                    "-verify_hostname",
                    "a.example.org",
                    "leaf.pem",
                ],
            );
            says(dir, "openssl", &["verify", "-CAfile", "ca.pem", "-verify_ip", "2001:db8::1", "leaf.pem"]);
            let shown =
                says(dir, "openssl", &["req", "-in", "request.pem", "-verify", "-noout", "-text"]).expect("text");
            assert!(
                shown.contains("emailAddress=x@example.com") || shown.contains("emailAddress = x@example.com"),
                "{shown}"
            );
            let shown = says(dir, "openssl", &["x509", "-in", "leaf.pem", "-noout", "-text"]).expect("text");
            for words in [
                "Version: 3 (0x2)",
                "DNS:www.example.com, DNS:*.example.org, IP Address:10.0.0.1, IP Address:2001:DB8:0:0:0:0:0:1, URI:spiffe://example.org/a",
                "Key Encipherment, Decipher Only",
                "TLS Web Server Authentication, TLS Web Client Authentication",
                "CA:FALSE",
                "X509v3 Subject Key Identifier",
                "X509v3 Authority Key Identifier",
            ] {
                assert!(shown.contains(words), "{words}: {shown}");
            }
        }
        let seen =
            read(&provider, "tls_certificate", [("content", leaf.get("cert_pem").cloned().expect("a certificate"))])
                .await;
        let seen = seen.expect("a description");
        let seen = seen.get("certificates").and_then(Value::as_items).expect("certificates")[0].clone();
        assert_eq!(text(&seen, "issuer"), "CN=Example CA,O=ACME\\, Inc.,C=DE");
        // What the request says of e-mail is not passed on.
        assert_eq!(text(&seen, "subject"), "CN=www.example.com");
        assert_eq!(text(&seen, "serial_number"), text(&leaf, "id"));
        assert_eq!(text(&seen, "cert_pem"), text(&leaf, "cert_pem"));
        assert_eq!(seen.get("is_ca").and_then(Value::as_bool), Some(false));
        let other = create(
            &provider,
            "tls_locally_signed_cert",
            [
                ("cert_request_pem", request.get("cert_request_pem").cloned().expect("a request")),
                ("ca_private_key_pem", key.get("private_key_pem").cloned().expect("a key")),
                ("ca_cert_pem", ca.get("cert_pem").cloned().expect("a certificate")),
                ("validity_period_hours", Value::number(12)),
                ("allowed_uses", strings(&[])),
            ],
        )
        .await;
        assert!(other.expect_err("another's key").contains("is not that of the certificate"));
    }
}

#[tokio::test]
async fn certificates_are_renewed_before_they_end() {
    let provider = sdt_std::tls(random());
    let name = "tls_self_signed_cert";
    let key = create(&provider, "tls_private_key", [("algorithm", Value::string("ED25519"))]).await.expect("a key");
    let set = |hours: i64, early: i64| {
        [
            ("private_key_pem", key.get("private_key_pem").cloned().expect("a key")),
            ("validity_period_hours", Value::number(hours)),
            ("early_renewal_hours", Value::number(early)),
            ("allowed_uses", strings(&["server_auth"])),
        ]
    };
    let made = create(&provider, name, set(10, 1)).await.expect("a certificate");
    assert_eq!(made.get("ready_for_renewal"), Some(&Value::FALSE).cloned().as_ref());
    // A longer period before the end is an update, unless it has begun.
    for (early, replaced) in [(2, &[][..]), (10, &["ready_for_renewal"][..])] {
        let config = common::config(&provider, Mode::Managed, name, set(10, early));
        let answer = plan(&provider, name, &config, &made).await;
        let found: Vec<String> = answer.requires_replace.iter().map(|p| p.to_string()).collect();
        assert_eq!(found.len(), replaced.len(), "{found:?}");
        assert!(found.iter().zip(replaced).all(|(a, b)| a.contains(b)), "{found:?}");
    }
    let config = common::config(&provider, Mode::Managed, name, set(11, 1));
    assert_eq!(plan(&provider, name, &config, &made).await.requires_replace.len(), 1);
    // Versions before 4 kept a digest of the key, and empty text for what was not set.
    let mut old = made.as_members().cloned().expect("an object");
    old.insert("private_key_pem".into(), Value::string("5f7c"));
    old.insert("dns_names".into(), Value::list(Type::String, vec![]));
    let config = common::config(&provider, Mode::Managed, name, set(10, 1));
    let answer = plan(&provider, name, &config, &Value::object(old)).await;
    assert!(answer.requires_replace.is_empty(), "{:?}", answer.requires_replace);
    let bad = create(
        &provider,
        name,
        [
            ("private_key_pem", Value::string("no key")),
            ("validity_period_hours", Value::number(1)),
            ("allowed_uses", strings(&[])),
        ],
    );
    assert!(bad.await.expect_err("no key").contains("private_key_pem"));
}

#[tokio::test]
async fn keys_of_older_states_get_what_they_lack() {
    let provider = sdt_std::tls(random());
    let key = create(&provider, "tls_private_key", [("algorithm", Value::string("ED25519"))]).await.expect("a key");
    let stored = serde_json::json!({
        "algorithm": "ED25519", "ecdsa_curve": "P224", "rsa_bits": 2048, "id": "x",
        "private_key_pem": text(&key, "private_key_pem"), "public_key_pem": text(&key, "public_key_pem"),
    });
    let up = provider.upgrade_state("tls_private_key", 0, &stored).expect("an object");
    for name in ["private_key_pem_pkcs8", "public_key_openssh", "public_key_fingerprint_sha256", "id"] {
        assert_eq!(text(&up, name), text(&key, name), "{name}");
    }
    assert!(text(&up, "private_key_openssh").starts_with("-----BEGIN OPENSSH PRIVATE KEY-----"));
}
