//! SSH sessions: connecting (through a bastion), authenticating, running a command.

use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use russh::client::{self, Handle, KeyboardInteractiveAuthResponse};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::ssh_key::public::KeyData;
use russh::keys::{Certificate, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKey, PublicKeyOrCertificate};
use russh::{ChannelMsg, Disconnect};

use super::connection::{Host, Target};

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(15);
/// The longest pause between attempts.
const PAUSE: Duration = Duration::from_secs(20);

/// A session with a machine.
pub(super) struct Session {
    handle: Handle<Verifier>,
    /// Kept open as long as the session that goes through it.
    bastion: Option<Handle<Verifier>>,
}

/// What a command did.
pub(super) struct Outcome {
    /// Its exit status; none when it was killed or the connection broke.
    pub(super) status: Option<u32>,
    /// The last lines it wrote to its error output.
    pub(super) errors: String,
}

/// Decides whether a machine is the one that is meant.
struct Verifier {
    host: String,
    expected: Option<PublicKey>,
}

impl client::Handler for Verifier {
    type Error = russh::Error;

    async fn check_server_key(&mut self, offered: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        // Without host_key any machine is believed, as Terraform does.
        let Some(expected) = &self.expected else { return Ok(true) };
        Ok(match offered {
            PublicKeyOrCertificate::PublicKey { key, .. } => key.key_data() == expected.key_data(),
            PublicKeyOrCertificate::Certificate(c) => signed(c, expected.key_data(), &self.host),
        })
    }
}

/// Whether an authority vouches for a machine under this name, and its word still holds.
fn signed(c: &Certificate, authority: &KeyData, host: &str) -> bool {
    let fingerprint = authority.fingerprint(HashAlg::Sha256);
    let names = c.valid_principals();
    c.cert_type().is_host()
        && c.validate([&fingerprint]).is_ok()
        && (names.is_empty() || names.iter().any(|n| n == host))
}

/// Connects, trying again until the timeout: machines that were just made need a while until they answer.
pub(super) async fn connect(target: &Target, say: &(dyn Fn(&str) + Sync)) -> Result<Session, String> {
    let began = Instant::now();
    let mut pause = Duration::from_millis(500);
    let host = &target.host;
    say(&format!("Connecting to {}:{} as {} via SSH...", host.name, host.port, host.user));
    loop {
        let left = target.timeout.saturating_sub(began.elapsed());
        let attempt = tokio::time::timeout(ATTEMPT.min(left.max(Duration::from_secs(1))), once(target)).await;
        let why = match attempt {
            Ok(Ok(session)) => {
                say("Connected!");
                return Ok(session);
            }
            // Nothing that waiting could mend.
            Ok(Err(Failure::Final(why))) => return Err(why),
            Ok(Err(Failure::Passing(why))) => why,
            Err(_) => "it does not answer".to_owned(),
        };
        if began.elapsed() + pause >= target.timeout {
            let (name, port) = (&host.name, host.port);
            return Err(format!("timeout - no SSH session with {name}:{port} within {:?}: {why}.", target.timeout));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE);
    }
}

enum Failure {
    /// May go away by itself.
    Passing(String),
    /// Stays as it is.
    Final(String),
}

fn passing(e: impl std::fmt::Display) -> Failure {
    Failure::Passing(e.to_string())
}

async fn once(target: &Target) -> Result<Session, Failure> {
    let config = Arc::new(client::Config {
        keepalive_interval: Some(Duration::from_secs(30)),
        nodelay: true,
        ..client::Config::default()
    });
    let host = &target.host;
    let Some(bastion) = &target.bastion else {
        let address = (bare(&host.name), host.port);
        let connected = client::connect(config, address, verifier(host)?).await;
        let mut handle = connected.map_err(|e| refused(host, e))?;
        authenticate(&mut handle, host, target).await?;
        return Ok(Session { handle, bastion: None });
    };
    let address = (bare(&bastion.name), bastion.port);
    let connected = client::connect(config.clone(), address, verifier(bastion)?).await;
    let mut outer = connected.map_err(|e| refused(bastion, e))?;
    authenticate(&mut outer, bastion, target).await?;
    let channel = outer.channel_open_direct_tcpip(bare(&host.name), host.port.into(), "127.0.0.1", 0).await;
    let stream =
        channel.map_err(|e| Failure::Passing(format!("{} does not reach it: {e}", bastion.name)))?.into_stream();
    let connected = client::connect_stream(config, stream, verifier(host)?).await;
    let mut handle = connected.map_err(|e| refused(host, e))?;
    authenticate(&mut handle, host, target).await?;
    Ok(Session { handle, bastion: Some(outer) })
}

/// A host name without the brackets of an IPv6 address.
fn bare(name: &str) -> &str {
    name.strip_prefix('[').and_then(|n| n.strip_suffix(']')).unwrap_or(name)
}

fn refused(host: &Host, e: russh::Error) -> Failure {
    match e {
        russh::Error::UnknownKey => Failure::Final(format!(
            "{} has another key than host_key says: it is not the machine that is meant, or its key has changed.",
            host.name
        )),
        other => passing(other),
    }
}

fn verifier(host: &Host) -> Result<Verifier, Failure> {
    let expected = match &host.host_key {
        None => None,
        Some(text) => {
            // As in a known_hosts file: maybe a marker and host names before the key.
            let words: Vec<&str> = text.split_whitespace().collect();
            let start =
                words.iter().position(|w| w.starts_with("ssh-") || w.starts_with("ecdsa-") || w.starts_with("sk-"));
            let key = start.and_then(|i| words.get(i..i + 2)).map(|w| w.join(" "));
            let key = key.and_then(|k| PublicKey::from_openssh(&k).ok());
            Some(key.ok_or_else(|| {
                Failure::Final("host_key is no public key: it looks like \"ssh-ed25519 AAAA…\".".to_owned())
            })?)
        }
    };
    Ok(Verifier { host: host.name.clone(), expected })
}

async fn authenticate(handle: &mut Handle<Verifier>, host: &Host, target: &Target) -> Result<(), Failure> {
    let mut tried = Vec::new();
    let mut ok = false;
    if let Some(text) = &host.private_key {
        tried.push("private_key");
        let key = Arc::new(private_key(text)?);
        let result = match &host.certificate {
            Some(text) => {
                let cert = Certificate::from_openssh(text.trim())
                    .map_err(|e| Failure::Final(format!("certificate cannot be read: {e}.")))?;
                handle.authenticate_openssh_cert(&host.user, key, cert).await
            }
            None => {
                let hash = handle.best_supported_rsa_hash().await.map_err(passing)?.flatten().or(Some(HashAlg::Sha256));
                handle.authenticate_publickey(&host.user, PrivateKeyWithHashAlg::new(key, hash)).await
            }
        };
        ok = result.map_err(passing)?.success();
    }
    if !ok && let Some(socket) = &target.agent {
        tried.push("agent");
        ok = by_agent(handle, host, socket, target.agent_identity.as_deref()).await?;
    }
    if !ok && let Some(password) = &host.password {
        tried.push("password");
        ok = handle.authenticate_password(&host.user, password).await.map_err(passing)?.success();
        if !ok {
            ok = by_questions(handle, host, password).await?;
        }
    }
    if !ok && tried.is_empty() {
        ok = handle.authenticate_none(&host.user).await.map_err(passing)?.success();
        tried.push("none: neither private_key, password nor an agent is given");
    }
    if ok {
        return Ok(());
    }
    // Users and keys of new machines appear while they start.
    Err(Failure::Passing(format!("{} does not let {} in (tried {})", host.name, host.user, tried.join(", "))))
}

fn private_key(text: &str) -> Result<PrivateKey, Failure> {
    let key = russh::keys::decode_secret_key(text, None);
    let key = key.map_err(|e| {
        Failure::Final(format!(
            "private_key cannot be read: {e}. It is the content of a key file, without a passphrase."
        ))
    })?;
    if key.is_encrypted() {
        return Err(Failure::Final("private_key has a passphrase: give the key without, or use an SSH agent.".into()));
    }
    Ok(key)
}

async fn by_agent(
    handle: &mut Handle<Verifier>,
    host: &Host,
    socket: &str,
    first: Option<&str>,
) -> Result<bool, Failure> {
    let failed = |e: &dyn std::fmt::Display| Failure::Final(format!("The SSH agent does not answer: {e}."));
    let mut agent = AgentClient::connect_uds(socket).await.map_err(|e| failed(&e))?;
    let mut identities = agent.request_identities().await.map_err(|e| failed(&e))?;
    if let Some(first) = first {
        identities.sort_by_key(|i| match i {
            AgentIdentity::PublicKey { comment, .. } | AgentIdentity::Certificate { comment, .. } => {
                comment.as_str() != first
            }
        });
    }
    let hash = handle.best_supported_rsa_hash().await.map_err(passing)?.flatten().or(Some(HashAlg::Sha256));
    for identity in identities {
        let result = match identity {
            AgentIdentity::PublicKey { key, .. } => {
                let hash = hash.filter(|_| key.algorithm().is_rsa());
                handle.authenticate_publickey_with(&host.user, key, hash, &mut agent).await
            }
            AgentIdentity::Certificate { certificate, .. } => {
                let hash = hash.filter(|_| certificate.algorithm().is_rsa());
                handle.authenticate_certificate_with(&host.user, certificate, hash, &mut agent).await
            }
        };
        if result.map_err(passing)?.success() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Answers every question with the password: that is how some servers ask for it.
async fn by_questions(handle: &mut Handle<Verifier>, host: &Host, password: &str) -> Result<bool, Failure> {
    let mut answer = handle.authenticate_keyboard_interactive_start(&host.user, None).await.map_err(passing)?;
    for _ in 0..5 {
        match answer {
            KeyboardInteractiveAuthResponse::Success => return Ok(true),
            KeyboardInteractiveAuthResponse::Failure { .. } => return Ok(false),
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => {
                let words = prompts.iter().map(|_| password.to_owned()).collect();
                answer = handle.authenticate_keyboard_interactive_respond(words).await.map_err(passing)?;
            }
        }
    }
    Ok(false)
}

impl Session {
    /// Runs a command, with `input` as its standard input; what it writes goes to `say`.
    pub(super) async fn run(
        &self,
        command: &str,
        mut input: Option<&mut (dyn Read + Send)>,
        say: &(dyn Fn(&str) + Sync),
    ) -> Result<Outcome, String> {
        let broken = |e: russh::Error| format!("the SSH connection broke: {e}");
        let channel = self.handle.channel_open_session().await.map_err(broken)?;
        channel.exec(true, command).await.map_err(broken)?;
        let (mut incoming, outgoing) = channel.split();
        let send = async {
            let mut chunk = vec![0; 32 * 1024];
            while let Some(input) = input.as_mut() {
                let n = input.read(&mut chunk).map_err(|e| e.to_string())?;
                if n == 0 {
                    break;
                }
                outgoing.data_bytes(chunk[..n].to_vec()).await.map_err(broken)?;
            }
            outgoing.eof().await.map_err(broken)
        };
        let receive = async {
            let (mut status, mut tail) = (None, Vec::new());
            let (mut out, mut err) = (Lines::default(), Lines::default());
            while let Some(message) = incoming.wait().await {
                match message {
                    ChannelMsg::Data { data } => out.take(&data, say),
                    ChannelMsg::ExtendedData { data, .. } => err.take(&data, &|line| say(line)),
                    ChannelMsg::ExitStatus { exit_status } => status = Some(exit_status),
                    ChannelMsg::Failure => err.take(b"the server refuses to run commands\n", say),
                    _ => {}
                }
                tail.append(&mut err.seen);
                out.seen.clear();
                let spare = tail.len().saturating_sub(20);
                tail.drain(..spare);
            }
            out.end(say);
            err.end(say);
            tail.append(&mut err.seen);
            Outcome { status, errors: tail.join("\n") }
        };
        tokio::pin!(send, receive);
        let mut sending = true;
        loop {
            tokio::select! {
                outcome = &mut receive => return Ok(outcome),
                sent = &mut send, if sending => {
                    sending = false;
                    // A command that ended early says why by itself.
                    if let Err(e) = sent {
                        let ended = tokio::time::timeout(Duration::from_secs(5), &mut receive).await;
                        return match ended {
                            Ok(outcome) if outcome.status.is_some() => Ok(outcome),
                            _ => Err(e),
                        };
                    }
                }
            }
        }
    }

    /// Says goodbye.
    pub(super) async fn close(self) {
        let _ = self.handle.disconnect(Disconnect::ByApplication, "", "").await;
        if let Some(bastion) = self.bastion {
            let _ = bastion.disconnect(Disconnect::ByApplication, "", "").await;
        }
    }
}

/// Makes lines of what arrives in pieces.
#[derive(Default)]
struct Lines {
    open: Vec<u8>,
    seen: Vec<String>,
}

impl Lines {
    /// A line longer than this is shown in parts.
    const LONGEST: usize = 64 * 1024;

    fn take(&mut self, data: &[u8], say: &dyn Fn(&str)) {
        for part in data.split_inclusive(|b| *b == b'\n') {
            self.open.extend_from_slice(part);
            if part.ends_with(b"\n") || self.open.len() > Self::LONGEST {
                self.end(say);
            }
        }
    }

    fn end(&mut self, say: &dyn Fn(&str)) {
        if self.open.is_empty() {
            return;
        }
        let line = String::from_utf8_lossy(&self.open).trim_end_matches(['\n', '\r']).to_owned();
        self.open.clear();
        say(&line);
        self.seen.push(line);
    }
}
