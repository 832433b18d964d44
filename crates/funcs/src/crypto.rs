//! Passwords, RSA and UUIDs.

use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::{BigUint, Pkcs1v15Encrypt, RsaPrivateKey};
use sdt_value::{Type, Value};
use uuid::Uuid;

use crate::call::{Out, arg, fail, int_or_fail, str_arg};
use crate::encoding::from_base64;
use crate::{FnCtx, Function, Param};

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::new(
        "bcrypt",
        "Hashes a password with bcrypt; unknown while planning.",
        &[Param::string("str")],
        Type::String,
        bcrypt_hash,
    )
    .variadic(Param::number("cost")),
    Function::new(
        "rsadecrypt",
        "Decrypts Base64 ciphertext with an RSA private key.",
        &[Param::string("ciphertext"), Param::string("privatekey")],
        Type::String,
        |a, _| rsa_decrypt(str_arg(a, 0), str_arg(a, 1)),
    ),
    Function::new("uuid", "Returns a random UUID; unknown while planning.", &[], Type::String, |_, ctx| {
        let Some(random) = ctx.random else { return Ok(Value::unknown(Type::String)) };
        let mut bytes = [0; 16];
        random(&mut bytes);
        Ok(Value::string(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()))
    }),
    Function::new(
        "uuidv5",
        "Returns the UUID that a namespace and a name determine.",
        &[Param::string("namespace"), Param::string("name")],
        Type::String,
        |a, _| {
            let space = match str_arg(a, 0) {
                "dns" => Uuid::NAMESPACE_DNS,
                "url" => Uuid::NAMESPACE_URL,
                "oid" => Uuid::NAMESPACE_OID,
                "x500" => Uuid::NAMESPACE_X500,
                other => match Uuid::parse_str(other) {
                    Ok(id) => id,
                    Err(e) => return fail(format!("uuidv5() doesn't support namespace {other} ({e})")),
                },
            };
            Ok(Value::string(Uuid::new_v5(&space, str_arg(a, 1).as_bytes()).to_string()))
        },
    ),
];

fn bcrypt_hash(args: &[Value], ctx: &FnCtx<'_>) -> Out {
    const DEFAULT_COST: i64 = 10;
    // While planning nothing is drawn, and nothing looked at.
    let Some(random) = ctx.random else { return Ok(Value::unknown(Type::String)) };
    let cost = if args.len() > 1 { int_or_fail(args, 1)? } else { DEFAULT_COST };
    if args.len() > 2 {
        return fail("bcrypt() takes no more than two arguments");
    }
    let cost = if cost < 4 { DEFAULT_COST } else { cost };
    if cost > 31 {
        return fail(format!("error occurred generating password: cost {cost} is outside allowed range (4,31)"));
    }
    if str_arg(args, 0).len() > 72 {
        return fail("error occurred generating password: password length exceeds 72 bytes");
    }
    let mut salt = [0; 16];
    random(&mut salt);
    match bcrypt::hash_with_salt(str_arg(args, 0), cost as u32, salt) {
        Ok(parts) => Ok(Value::string(parts.format_for_version(bcrypt::Version::TwoA))),
        Err(_) => fail("error occurred generating password"),
    }
}

/// No message repeats the ciphertext or the key.
fn rsa_decrypt(ciphertext: &str, key: &str) -> Out {
    let Some(bytes) = from_base64(ciphertext) else {
        return arg(0, "failed to decode input: cipher text must be base64-encoded");
    };
    let key = match private_key(key) {
        Ok(k) => k,
        Err(e) => return arg(1, e),
    };
    match key.decrypt(Pkcs1v15Encrypt, &bytes) {
        Ok(plain) => Ok(Value::string(String::from_utf8_lossy(&plain))),
        Err(_) => fail("failed to decrypt: error occurred"),
    }
}

fn private_key(pem: &str) -> Result<RsaPrivateKey, String> {
    const BAD: &str = "failed to parse key: ";
    let start = pem.find("-----BEGIN ").ok_or_else(|| format!("{BAD}no key found"))?;
    let pem = &pem[start..];
    let label = pem["-----BEGIN ".len()..].split("-----").next().unwrap_or("");
    if pem.contains("Proc-Type: 4,ENCRYPTED") || label == "ENCRYPTED PRIVATE KEY" {
        return Err(format!("{BAD}this private key is passphrase protected"));
    }
    let end = pem.find(&format!("-----END {label}-----")).ok_or_else(|| format!("{BAD}no key found"))?;
    let body: String = pem[..end].lines().skip(1).filter(|l| !l.contains(':')).collect::<Vec<_>>().join("");
    let der = from_base64(&body.replace([' ', '\t'], "")).ok_or_else(|| format!("{BAD}no key found"))?;
    match label {
        "RSA PRIVATE KEY" => RsaPrivateKey::from_pkcs1_der(&der).map_err(|e| format!("{BAD}asn1 error: {e}")),
        "PRIVATE KEY" => RsaPrivateKey::from_pkcs8_der(&der).map_err(|e| format!("{BAD}asn1 error: {e}")),
        "OPENSSH PRIVATE KEY" => openssh_key(&der).ok_or_else(|| format!("{BAD}invalid openssh private key format")),
        "EC PRIVATE KEY" | "DSA PRIVATE KEY" => Err("invalid private key type: an RSA key is required".into()),
        _ => Err(format!("{BAD}unsupported key type {label:?}")),
    }
}

/// Reads an unencrypted key in OpenSSH's own format. Source: openssh-portable `PROTOCOL.key`.
fn openssh_key(der: &[u8]) -> Option<RsaPrivateKey> {
    fn string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
        let (len, after) = rest.split_first_chunk::<4>()?;
        let len = u32::from_be_bytes(*len) as usize;
        let out = after.get(..len)?;
        *rest = &after[len..];
        Some(out)
    }
    let mut rest = der.strip_prefix(b"openssh-key-v1\0")?;
    if string(&mut rest)? != b"none" {
        return None;
    }
    string(&mut rest)?;
    string(&mut rest)?;
    let (count, after) = rest.split_first_chunk::<4>()?;
    if u32::from_be_bytes(*count) != 1 {
        return None;
    }
    rest = after;
    string(&mut rest)?;
    let mut private = string(&mut rest)?;
    private = private.get(8..)?;
    if string(&mut private)? != b"ssh-rsa" {
        return None;
    }
    let mut number = || string(&mut private).map(BigUint::from_bytes_be);
    let (n, e, d, _, p, q) = (number()?, number()?, number()?, number()?, number()?, number()?);
    RsaPrivateKey::from_components(n, e, d, vec![p, q]).ok()
}

#[cfg(test)]
mod tests {
    use crate::call::testing::{check, run};
    use crate::{FnCtx, lookup};

    #[test]
    fn ids_and_keys() {
        check(&[
            ("uuidv5", r#"["url","https://www.terraform.io/"]"#, r#""9db6f67c-dd95-5ea0-aa5b-e70e5c5f7cf5""#),
            (
                "uuidv5",
                r#"["743ac3c0-3bf7-4a5b-9e6c-59360447c757","LIBS:diskfont.library"]"#,
                r#""ede1a974-df7e-5f17-84b9-76208818b2c8""#,
            ),
            ("uuidv5", r#"["DNS","x"]"#, "call: …"),
            ("rsadecrypt", r#"["!!!","x"]"#, "arg 0: …"),
            ("rsadecrypt", r#"["YQ==",""]"#, "arg 1: …"),
        ]);
        let fill = |b: &mut [u8]| b.fill(7);
        let ctx = FnCtx { random: Some(&fill), ..FnCtx::pure() };
        assert!(run("bcrypt", r#"["a",4]"#, &ctx).starts_with("\"$2a$04$"));
        assert!(run("bcrypt", r#"["a",50]"#, &ctx).starts_with("call"));
        assert_eq!(run("uuid", "[]", &ctx), r#""07070707-0707-4707-8707-070707070707""#);
        assert!(crate::call(lookup("uuid").unwrap(), &[], &FnCtx::pure()).unwrap().is_unknown());
    }
}
