//! The built-in providers by the command line: plan, apply, a plan without changes, destroy. Nothing is installed, nothing is
//! asked beyond this machine.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;

use sdt_tests::run;

fn sdt(dir: &Path, args: &[&str], status: i32) -> String {
    let answer = run(dir, args, None, &[]);
    let text = format!("{}{}", answer.stdout, answer.stderr);
    assert_eq!(answer.status, status, "{args:?}: {text}");
    assert!(!text.contains("BEGIN RSA") && !text.contains("PRIVATE KEY"), "{args:?}: {text}");
    text
}

/// Leads a configuration through its life; `check` looks at its outputs (JSON) after the apply.
fn life(config: &str, check: impl FnOnce(&Path, &serde_json::Value)) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let dir = dir.path();
    std::fs::write(dir.join("main.tf"), config).expect("a file can be written");
    sdt(dir, &["init"], 0);
    sdt(dir, &["validate"], 0);
    sdt(dir, &["plan", "-detailed-exitcode", "-out=p"], 2);
    sdt(dir, &["apply", "p"], 0);
    let outputs = run(dir, &["output", "-json"], None, &[]).stdout;
    check(dir, &serde_json::from_str(&outputs).expect("outputs are JSON"));
    sdt(dir, &["plan", "-detailed-exitcode"], 0);
    sdt(dir, &["destroy", "-auto-approve"], 0);
    assert!(sdt(dir, &["show"], 0).contains("The state file is empty"));
}

#[test]
fn tls() {
    let config = r#"
terraform {
  required_providers {
    tls = {
      source  = "hashicorp/tls"
      version = "~> 4.0"
    }
  }
}
resource "tls_private_key" "ca" {
  algorithm = "RSA"
}
resource "tls_self_signed_cert" "ca" {
  private_key_pem       = tls_private_key.ca.private_key_pem
  is_ca_certificate     = true
  validity_period_hours = 48
  allowed_uses          = ["cert_signing"]
  subject {
    common_name = "Example CA"
  }
}
resource "tls_private_key" "host" {
  algorithm   = "ECDSA"
  ecdsa_curve = "P384"
}
resource "tls_cert_request" "host" {
  private_key_pem = tls_private_key.host.private_key_pem
  dns_names       = ["example.com"]
}
resource "tls_locally_signed_cert" "host" {
  cert_request_pem      = tls_cert_request.host.cert_request_pem
  ca_private_key_pem    = tls_private_key.ca.private_key_pem
  ca_cert_pem           = tls_self_signed_cert.ca.cert_pem
  validity_period_hours = 24
  allowed_uses          = ["server_auth"]
}
data "tls_public_key" "host" {
  private_key_pem = tls_private_key.host.private_key_pem
}
data "tls_certificate" "host" {
  content = tls_locally_signed_cert.host.cert_pem
}
output "same" {
  value = data.tls_public_key.host.public_key_openssh == tls_private_key.host.public_key_openssh
}
output "issuer" {
  value = data.tls_certificate.host.certificates[0].issuer
}
"#;
    life(config, |_, outputs| {
        assert_eq!(outputs["same"]["value"], true);
        assert_eq!(outputs["issuer"]["value"], "CN=Example CA");
    });
}

#[test]
fn archive() {
    let config = r#"
data "archive_file" "data" {
  type                    = "zip"
  source_content          = "This is some content"
  source_content_filename = "content.txt"
  output_path             = "${path.module}/out/data.zip"
}
resource "archive_file" "kept" {
  type        = "tar.gz"
  output_path = "${path.module}/kept.tar.gz"
  source {
    filename = "a.txt"
    content  = "a"
  }
  source {
    filename = "b/b.txt"
    content  = "b"
  }
}
output "md5" {
  value = data.archive_file.data.output_md5
}
output "size" {
  value = archive_file.kept.output_size
}
"#;
    life(config, |dir, outputs| {
        // What the public provider's own tests expect.
        assert_eq!(outputs["md5"]["value"], "ea35f0444ea9a3d5641d8760bc2815cc");
        let size = std::fs::metadata(dir.join("kept.tar.gz")).expect("an archive").len();
        assert_eq!(outputs["size"]["value"], size);
        assert!(dir.join("out/data.zip").exists());
        // The next step may run on a machine that does not have the file.
        std::fs::remove_file(dir.join("kept.tar.gz")).expect("a file to remove");
        sdt(dir, &["plan", "-detailed-exitcode"], 0);
        assert!(dir.join("kept.tar.gz").exists());
    });
}

#[test]
fn http() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut question = [0; 4096];
            let n = stream.read(&mut question).unwrap_or_default();
            let asked = String::from_utf8_lossy(&question[..n]).to_lowercase().contains("accept: application/json");
            let body = format!("{{\"asked\":{asked}}}");
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n", body.len());
            let _ = stream.write_all(format!("{head}Connection: close\r\n\r\n{body}").as_bytes());
        }
    });
    let config = format!(
        r#"
data "http" "a" {{
  url = "http://{address}/"
  request_headers = {{
    Accept = "application/json"
  }}
  lifecycle {{
    postcondition {{
      condition     = self.status_code == 200
      error_message = "Not well."
    }}
  }}
}}
output "asked" {{
  value = jsondecode(data.http.a.response_body).asked
}}
output "type" {{
  value = data.http.a.response_headers["Content-Type"]
}}
"#
    );
    life(&config, |_, outputs| {
        assert_eq!(outputs["asked"]["value"], true);
        assert_eq!(outputs["type"]["value"], "application/json");
    });
}

#[test]
fn random() {
    let config = r#"
resource "random_id" "a" {
  byte_length = 4
  prefix      = "p-"
  keepers     = { a = 1 }
}
resource "random_integer" "a" {
  min = 3
  max = 3
}
resource "random_pet" "a" {}
resource "random_shuffle" "a" {
  input        = ["x"]
  result_count = 2
}
resource "random_string" "a" {
  length  = 5
  special = false
}
resource "random_uuid" "a" {}
resource "random_bytes" "a" {
  length = 3
}
resource "random_password" "a" {
  length = 9
}
import {
  to = random_password.b
  id = "swordfish"
}
resource "random_password" "b" {
  length = 9
}
output "lengths" {
  value = [random_integer.a.result, length(random_shuffle.a.result), length(random_string.a.result), length(random_id.a.hex)]
}
output "imported" {
  value     = random_password.b.result
  sensitive = true
}
"#;
    life(config, |_, outputs| {
        assert_eq!(outputs["lengths"]["value"], serde_json::json!([3, 2, 5, 10]));
        assert_eq!(outputs["imported"]["value"], "swordfish");
    });
}

#[test]
fn local_null_external_and_time() {
    let config = r#"
resource "local_file" "a" {
  filename        = "${path.module}/sub/a"
  content         = "hello"
  file_permission = "0640"
}
resource "local_sensitive_file" "a" {
  filename       = "${path.module}/b"
  content_base64 = base64encode("hush")
}
data "local_file" "a" {
  filename   = local_file.a.filename
  depends_on = [local_file.a]
}
resource "null_resource" "a" {
  triggers = { file = local_file.a.id }
}
data "null_data_source" "a" {
  inputs = { x = "y" }
}
data "external" "a" {
  program = ["sh", "-c", "cat"]
  query   = { q = "r" }
}
resource "time_static" "a" {
  rfc3339 = "2026-01-31T00:00:00Z"
}
resource "time_offset" "a" {
  base_rfc3339  = time_static.a.rfc3339
  offset_months = 1
}
resource "time_rotating" "a" {
  rotation_days = 30
}
resource "time_sleep" "a" {
  create_duration = "1ms"
}
output "all" {
  value = [
    data.local_file.a.content, data.null_data_source.a.outputs.x, data.external.a.result.q, time_static.a.unix, time_offset.a.rfc3339,
    time_rotating.a.rotation_rfc3339 == timeadd(time_rotating.a.rfc3339, "720h"),
  ]
}
"#;
    life(config, |dir, outputs| {
        let all = serde_json::json!(["hello", "y", "r", 1_769_817_600, "2026-03-03T00:00:00Z", true]);
        assert_eq!(outputs["all"]["value"], all);
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |name: &str| std::fs::metadata(dir.join(name)).expect("a file").permissions().mode() & 0o777;
        // The umask takes what it takes.
        assert_eq!((mode("sub/a") & !0o640, mode("b") & !0o700), (0, 0));
    });
}

#[test]
fn states_of_the_public_providers_are_read() {
    // As hashicorp/random 3.3.2 (bcrypt_hash of another password, schema version 2) and hashicorp/time 0.12 left them.
    let state = r#"{
  "version": 4, "terraform_version": "1.5.7", "serial": 3, "lineage": "9f0e0c6c-0a36-4b1c-8f0d-6b9e7d3a1c55", "outputs": {},
  "resources": [
    {"mode": "managed", "type": "random_password", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/random\"]",
     "instances": [{"schema_version": 2, "attributes": {
       "bcrypt_hash": "$2a$10$abcdefghijklmnopqrstuuW4kqKz1jX1f3r4i5w0G8l9Hk7yB2n3e", "id": "none", "keepers": null, "length": 4,
       "lower": true, "min_lower": 0, "min_numeric": 0, "min_special": 0, "min_upper": 0, "number": true, "numeric": true,
       "override_special": null, "result": "abcd", "special": true, "upper": true}, "sensitive_attributes": []}]},
    {"mode": "managed", "type": "time_offset", "name": "a", "provider": "provider[\"registry.terraform.io/hashicorp/time\"]",
     "instances": [{"schema_version": 0, "attributes": {
       "base_rfc3339": "2024-05-01T10:00:00Z", "day": 2, "hour": 10, "id": "2024-05-01T10:00:00Z", "minute": 0, "month": 5,
       "offset_days": 1, "offset_hours": null, "offset_minutes": null, "offset_months": null, "offset_seconds": null,
       "offset_years": null, "rfc3339": "2024-05-02T10:00:00Z", "second": 0, "triggers": null, "unix": 1714644000,
       "year": 2024}, "sensitive_attributes": []}]}
  ], "check_results": null
}"#;
    let config = r#"
resource "random_password" "a" {
  length = 4
}
resource "time_offset" "a" {
  offset_days = 1
}
"#;
    let dir = tempfile::tempdir().expect("a temporary folder");
    let dir = dir.path();
    std::fs::write(dir.join("main.tf"), config).expect("a file can be written");
    std::fs::write(dir.join("terraform.tfstate"), state).expect("a file can be written");
    sdt(dir, &["init"], 0);
    let plan = sdt(dir, &["plan", "-detailed-exitcode"], 0);
    assert!(plan.contains("No changes"), "{plan}");
}
