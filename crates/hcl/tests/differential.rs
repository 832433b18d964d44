//! Our parser against `hcl-edit`: the same verdict on what both get right, and ours where `hcl-edit` is known to differ
//! from Terraform.

use sdt_diag::SourceId;
use sdt_hcl::parse_body;

const BOTH_ACCEPT: &[&str] = &[
    "a = 1\n",
    "a = -1.5e3 + (2 * 3) % 4\n",
    "a = x ? y : z\n",
    "a = [1, \"b\", [c], {d = e, (f) = g, \"h\" : i}]\n",
    "a = \"b ${c} $${d} %{ if e }f%{ else }g%{ endif } %{ for h in i ~} ${h} %{~ endfor }\"\n",
    "a = <<EOT\nb ${c}\nEOT\n",
    "a = <<-EOT\n    b\n  EOT\n",
    "a = b.c[0].d[*].e.*.f[\"g\"]\n",
    "a = [for b, c in d : b if c]\n",
    "a = {for b, c in d : b => c... if !e}\n",
    "a = f(b, c...)\n",
    "a = provider::b::c(d)\n",
    "b \"c\" d {\n  e = 1\n  f {}\n  g { h = 2 }\n}\n",
    "# a\n// b\n/* c */ d = 1 # e\n",
    "a = \"\\n\\t\\\"\\\\ \\u00e9\"\n",
    "é = ü\r\n",
];

const BOTH_REFUSE: &[&str] = &[
    "a\n",
    "a = \n",
    "a = 1 b = 2\n",
    "a = [1 2]\n",
    "a = {b = 1 c = 2}\n",
    "a = 'b'\n",
    "a = (b\n",
    "a {\n",
    "a = \"b\n",
    "a = \"\\x\"\n",
    "a = f(b c)\n",
    "a = b ? c\n",
    "a = [for b : c]\n",
    "a = 1 ^ 2\n",
    "a = \"%{ if b }c\"\n",
    "a = 1\na = 2\n",
];

/// Terraform's verdict, which `hcl-edit` does not share.
const WE_ACCEPT: &[&str] = &[
    "a = { for k in y : k =>\n x &&\n z }\n",
    "a = {b=1, b=2}\n",
    "a = <<EOF\nx\nEOF\"\nz\nEOF\n",
    "\u{feff}a = 1\n",
    "a = (!\nb)\n",
    "a = 1e1000\n",
];
const WE_REFUSE: &[&str] = &["a = \"b\nc\"\n", "a = b.0.1\n", "a = <<EOT\nx\nEOT", "a = b.\nc\n", "a = 1.2.3\n"];

fn ours(text: &str) -> bool {
    !parse_body(SourceId(0), text.as_bytes()).1.has_errors()
}

#[test]
fn verdicts() {
    for (texts, ok) in [(BOTH_ACCEPT, true), (BOTH_REFUSE, false)] {
        for text in texts {
            assert_eq!(ours(text), ok, "{text:?}");
            assert_eq!(hcl_edit::parser::parse_body(text).is_ok(), ok, "hcl-edit: {text:?}");
        }
    }
    for (texts, ok) in [(WE_ACCEPT, true), (WE_REFUSE, false)] {
        for text in texts {
            assert_eq!(ours(text), ok, "{text:?}");
        }
    }
}
