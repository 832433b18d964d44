//! `file` and `remote-exec` against an SSH server in this process, which runs commands with this machine's shell.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use russh::keys::key::safe_rng;
use russh::keys::ssh_key::LineEnding;
use russh::keys::{Algorithm, PrivateKey};
use russh::server::{self, Auth, ChannelOpenHandle, Handler, Msg, Response, Session, VerifiedPublicKey};
use russh::{Channel, ChannelId, ChannelMsg};
use sdt_value::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{World, run};

/// What a server lets in, and what it saw.
#[derive(Clone)]
struct Sshd {
    key: PrivateKey,
    password: &'static str,
    asks: bool,
    channels: Arc<Mutex<HashMap<ChannelId, Channel<Msg>>>>,
    forwarded: Arc<Mutex<Vec<u32>>>,
}

struct Running {
    port: u16,
    host_key: String,
    forwarded: Arc<Mutex<Vec<u32>>>,
}

fn new_key() -> PrivateKey {
    PrivateKey::random(&mut safe_rng(), Algorithm::Ed25519).unwrap()
}

fn client_key() -> &'static PrivateKey {
    static KEY: std::sync::OnceLock<PrivateKey> = std::sync::OnceLock::new();
    KEY.get_or_init(new_key)
}

async fn start(listener: TcpListener, asks: bool) -> Running {
    let host = new_key();
    let host_key = host.public_key().to_openssh().unwrap();
    let config = server::Config {
        keys: vec![host],
        auth_rejection_time: Duration::from_millis(1),
        auth_rejection_time_initial: Some(Duration::ZERO),
        ..server::Config::default()
    };
    let sshd = Sshd {
        key: client_key().clone(),
        password: "sesame",
        asks,
        channels: Arc::default(),
        forwarded: Arc::default(),
    };
    let port = listener.local_addr().unwrap().port();
    let (config, forwarded) = (Arc::new(config), sshd.forwarded.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let sshd = Sshd { channels: Arc::default(), ..sshd.clone() };
            let config = config.clone();
            tokio::spawn(async move {
                if let Ok(session) = server::run_stream(config, stream, sshd).await {
                    let _ = session.await;
                }
            });
        }
    });
    Running { port, host_key, forwarded }
}

async fn sshd() -> Running {
    start(TcpListener::bind("127.0.0.1:0").await.unwrap(), false).await
}

impl Handler for Sshd {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        Ok(if !self.asks && user == "me" && password == self.password { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        Ok(match response {
            _ if !self.asks => Auth::reject(),
            None => Auth::Partial {
                name: "".into(),
                instructions: "".into(),
                prompts: vec![("Password: ".into(), false)].into(),
            },
            Some(mut words) => match words.next() {
                Some(word) if word[..] == *self.password.as_bytes() => Auth::Accept,
                _ => Auth::reject(),
            },
        })
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        let good = user == "me" && key.public_key.key_data() == self.key.public_key().key_data();
        Ok(if good { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        self.channels.lock().unwrap().insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host: &str,
        port: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        self.forwarded.lock().unwrap().push(port);
        let mut to = TcpStream::connect((host, port as u16)).await?;
        reply.accept().await;
        tokio::spawn(async move {
            let _ = tokio::io::copy_bidirectional(&mut channel.into_stream(), &mut to).await;
        });
        Ok(())
    }

    async fn exec_request(&mut self, id: ChannelId, data: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        session.channel_success(id)?;
        let handle = session.handle();
        let command = String::from_utf8_lossy(data).into_owned();
        let Some(mut channel) = self.channels.lock().unwrap().remove(&id) else { return Ok(()) };
        tokio::spawn(async move {
            let mut shell = tokio::process::Command::new("/bin/sh");
            shell.arg("-c").arg(command).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = shell.spawn().unwrap();
            let (mut stdin, mut out, mut err) =
                (child.stdin.take(), child.stdout.take().unwrap(), child.stderr.take().unwrap());
            let feed = tokio::spawn(async move {
                while let Some(message) = channel.wait().await {
                    match (message, &mut stdin) {
                        (ChannelMsg::Data { data }, Some(to)) => {
                            let _ = to.write_all(&data).await;
                        }
                        (ChannelMsg::Eof, _) => stdin = None,
                        _ => {}
                    }
                }
            });
            let (mut a, mut b) = (Vec::new(), Vec::new());
            let _ = tokio::join!(out.read_to_end(&mut a), err.read_to_end(&mut b));
            let status = child.wait().await.unwrap();
            let _ = handle.data(id, a).await;
            let _ = handle.extended_data(id, 1, b).await;
            let _ = handle.exit_status_request(id, status.code().unwrap_or(255) as u32).await;
            let _ = handle.eof(id).await;
            let _ = handle.close(id).await;
            feed.abort();
        });
        Ok(())
    }
}

fn object(members: &[(&str, Value)]) -> Value {
    Value::object(members.iter().map(|(k, v)| (*k, v.clone())))
}

fn strings(items: &[&str]) -> Value {
    Value::tuple(items.iter().map(|s| Value::string(*s)).collect())
}

/// A connection by key; `more` is laid over it.
fn connection(port: u16, more: &[(&str, Value)]) -> Value {
    let key = client_key().to_openssh(LineEnding::LF).unwrap().to_string();
    let mut members: BTreeMap<&str, Value> = BTreeMap::from([
        ("host", Value::string("127.0.0.1")),
        ("port", Value::number(i64::from(port))),
        ("user", Value::string("me")),
        ("private_key", Value::string(key)),
        ("timeout", Value::string("20s")),
    ]);
    members.extend(more.iter().map(|(k, v)| (*k, v.clone())));
    object(&members.into_iter().collect::<Vec<_>>())
}

/// Runs a provisioner; returns what it said.
async fn said(kind: &str, config: Value, connection: Value, cwd: &Path) -> (Result<(), String>, Vec<String>) {
    let lines = Mutex::new(Vec::new());
    let say = |line: &str| lines.lock().unwrap().push(line.to_owned());
    let vars = BTreeMap::new();
    let result = run(kind, &config, Some(&connection), &World { cwd, vars: &vars, say: &say }).await;
    (result, lines.into_inner().unwrap())
}

#[tokio::test]
async fn scripts_run_and_leave_nothing() {
    let (server, dir) = (sshd().await, tempfile::tempdir().unwrap());
    let there = dir.path().join("with space");
    std::fs::create_dir(&there).unwrap();
    let script_path = Value::string(format!("{}/it's-%RAND%.sh", there.display()));
    let by_key = connection(server.port, &[("script_path", script_path)]);
    let inline = strings(&["echo one", "echo two >&2", "printf three"]);
    let (result, lines) = said("remote-exec", object(&[("inline", inline)]), by_key.clone(), dir.path()).await;
    assert_eq!(result, Ok(()));
    for line in ["Connected!", "one", "two", "three"] {
        assert!(lines.iter().any(|l| l == line), "{line} in {lines:?}");
    }
    assert_eq!(std::fs::read_dir(&there).unwrap().count(), 0, "the script is still there");

    std::fs::write(dir.path().join("a.sh"), "#!/bin/sh\necho from a\n").unwrap();
    std::fs::write(dir.path().join("b.sh"), "echo from b; exit 3\n").unwrap();
    let scripts = object(&[("scripts", strings(&["a.sh", "b.sh", "a.sh"]))]);
    let (result, lines) = said("remote-exec", scripts, by_key, dir.path()).await;
    assert!(result.unwrap_err().ends_with("exited with status 3"));
    assert_eq!(lines.iter().filter(|l| *l == "from a").count(), 1, "what comes after a failure is not run");
    assert_eq!(std::fs::read_dir(&there).unwrap().count(), 0);
}

#[tokio::test]
async fn files_arrive_whole_and_under_their_names() {
    let (server, dir) = (sshd().await, tempfile::tempdir().unwrap());
    let by_key = || connection(server.port, &[]);
    let at = |name: &str| dir.path().join(name);
    let send = async |members: &[(&str, Value)]| said("file", object(members), by_key(), dir.path()).await.0;

    let nasty = at("a'; touch pwned; '$(x) `y`");
    let to = Value::string(nasty.to_string_lossy());
    assert_eq!(send(&[("content", Value::string("täxt\n")), ("destination", to)]).await, Ok(()));
    assert_eq!(std::fs::read_to_string(&nasty).unwrap(), "täxt\n");
    assert!(!at("pwned").exists());

    let large: Vec<u8> = (0..3_000_000_u32).map(|i| (i * 7 % 251) as u8).collect();
    std::fs::create_dir_all(at("src/deep")).unwrap();
    std::fs::write(at("src/deep/large"), &large).unwrap();
    std::fs::write(at("src/run me.sh"), "x").unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o750);
    std::fs::set_permissions(at("src/run me.sh"), executable).unwrap();
    for (source, root) in [("src", "to/src"), ("src/", "flat")] {
        let to = Value::string(at(root.split('/').next().unwrap()).to_string_lossy());
        assert_eq!(send(&[("source", Value::string(source)), ("destination", to)]).await, Ok(()), "{source}");
        assert!(std::fs::read(at(root).join("deep/large")).unwrap() == large);
        let mode = std::fs::metadata(at(root).join("run me.sh")).unwrap().permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o750);
    }

    let nowhere = Value::string(at("no/such/folder/x").to_string_lossy());
    let failed = send(&[("content", Value::string("x")), ("destination", nowhere)]).await.unwrap_err();
    assert!(failed.starts_with("Upload failed"), "{failed}");
    let missing = send(&[("source", Value::string("missing")), ("destination", Value::string("/tmp/x"))]).await;
    assert!(missing.unwrap_err().contains("missing"));
}

#[tokio::test]
async fn who_may_enter_and_who_answers() {
    let (server, dir) = (sshd().await, tempfile::tempdir().unwrap());
    let asking = start(TcpListener::bind("127.0.0.1:0").await.unwrap(), true).await;
    let s = |t: &str| Value::string(t);
    let other = new_key().public_key().to_openssh().unwrap();
    for (port, more, expected) in [
        (server.port, vec![("host_key", s(&server.host_key))], ""),
        (server.port, vec![("host_key", s(&other))], "not the machine that is meant"),
        (server.port, vec![("host_key", s("nonsense"))], "host_key is no public key"),
        (server.port, vec![("private_key", s("")), ("password", s("sesame"))], ""),
        (asking.port, vec![("private_key", s("")), ("password", s("sesame"))], ""),
        (
            server.port,
            vec![("private_key", s("")), ("password", s("wrong")), ("timeout", s("1s"))],
            "does not let me in",
        ),
        (server.port, vec![("private_key", s("no key"))], "private_key cannot be read"),
        (server.port, vec![("type", s("winrm"))], "winrm"),
        (1, vec![("timeout", s("1s"))], "timeout"),
    ] {
        let began = Instant::now();
        let config = object(&[("inline", strings(&["true"]))]);
        let (result, lines) = said("remote-exec", config, connection(port, &more), dir.path()).await;
        let why = result.err().unwrap_or_default();
        assert!(if expected.is_empty() { why.is_empty() } else { why.contains(expected) }, "{expected:?}: {why:?}");
        assert!(!why.contains("sesame") && !why.contains("wrong\""), "{why}");
        assert!(lines.iter().all(|l| !l.contains("sesame")));
        assert!(began.elapsed() < Duration::from_secs(15), "{expected}");
    }
}

#[tokio::test]
async fn a_machine_that_comes_late_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    // A port that is free now.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let late = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(800)).await;
        start(TcpListener::bind(("127.0.0.1", port)).await.unwrap(), false).await
    });
    let (result, _) =
        said("remote-exec", object(&[("inline", strings(&["true"]))]), connection(port, &[]), dir.path()).await;
    assert_eq!(result, Ok(()));
    late.await.unwrap();
}

#[tokio::test]
async fn a_bastion_is_gone_through() {
    let (inner, bastion, dir) = (sshd().await, sshd().await, tempfile::tempdir().unwrap());
    let more = [
        ("bastion_host", Value::string("127.0.0.1")),
        ("bastion_port", Value::number(i64::from(bastion.port))),
        ("bastion_host_key", Value::string(&bastion.host_key)),
        ("host_key", Value::string(&inner.host_key)),
    ];
    let config = object(&[("inline", strings(&["echo inside"]))]);
    let (result, lines) = said("remote-exec", config, connection(inner.port, &more), dir.path()).await;
    assert_eq!(result, Ok(()));
    assert!(lines.iter().any(|l| l == "inside"));
    assert_eq!(*bastion.forwarded.lock().unwrap(), [u32::from(inner.port)]);
    assert!(inner.forwarded.lock().unwrap().is_empty());
}
