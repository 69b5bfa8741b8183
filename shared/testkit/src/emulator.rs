//! The AWS emulator: moto's server on loopback, one for all tests of a process, one fresh account for each test.

use std::collections::hash_map::RandomState;
use std::env;
use std::hash::{BuildHasher, Hasher};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::sync::OnceCell;

use crate::proxy::wire::{Ask, Reply, exchange, field};

/// The region of accounts whose test does not care for one.
const REGION: &str = "us-east-1";

/// How long moto may take to start; on an idle machine it takes half a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// moto picks its own port, so that none can be taken meanwhile, and ends when its input does, which happens however its
/// parent dies. It tells its port only once it listens.
const MOTO: &str = "
import os, sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.buffer.read()
os._exit(0)
";

/// A running emulator.
#[derive(Debug)]
pub struct Emulator {
    endpoint: String,
    /// Kept for its open input; nothing for an emulator that somebody else started.
    _moto: Option<Child>,
}

/// An AWS account that no other test knows, and credentials that act in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// The region to work in.
    pub region: String,
    /// The access key id of a role's temporary credentials.
    pub access_key: String,
    /// Their secret.
    pub secret_key: String,
    /// Their session token.
    pub session_token: String,
}

/// One of several addresses, drawn by chance: an emulator uses one processor only.
fn one_of(endpoints: &str) -> String {
    let all: Vec<_> = endpoints.split(',').map(|endpoint| endpoint.trim_end_matches('/')).collect();
    let draw = usize::try_from(RandomState::new().build_hasher().finish() >> 32).expect("half of a hash is small");
    all[draw % all.len()].to_owned()
}

impl Emulator {
    /// The emulator of this process: one of those at `REMEDY_TEST_EMULATOR`, else one that starts at the first use.
    pub async fn shared() -> Arc<Self> {
        static SHARED: OnceCell<Arc<Emulator>> = OnceCell::const_new();
        SHARED.get_or_init(|| async { Arc::new(Self::find_or_start().await) }).await.clone()
    }

    async fn find_or_start() -> Self {
        match env::var("REMEDY_TEST_EMULATOR") {
            Ok(endpoints) => Self { endpoint: one_of(&endpoints), _moto: None },
            Err(_) => Self::start().await,
        }
    }

    async fn start() -> Self {
        let started = tokio::task::spawn_blocking(|| {
            let mut moto = command().spawn().expect("Python starts");
            let port = port(&mut moto);
            Self { endpoint: format!("http://127.0.0.1:{port}"), _moto: Some(moto) }
        });
        let started = tokio::time::timeout(PATIENCE, started).await;
        started.expect("moto tells its port within a minute").expect("moto starts, see the panic above")
    }

    /// Its address, such as `http://127.0.0.1:4711`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A fresh account. moto keeps the state of accounts apart by the credentials that a request is signed with.
    pub async fn account(&self) -> Account {
        self.assume(&random_account()).await
    }

    /// Further credentials for an account, those of a role that nobody has to create.
    pub async fn assume(&self, id: &str) -> Account {
        self.assume_as(id, "remedy-test", "test").await
    }

    /// Credentials of a role in an account, named with its path, under a session name. moto lets everybody assume every role.
    pub async fn assume_as(&self, id: &str, role: &str, session: &str) -> Account {
        let reply = exchange(self.authority(), self.authority(), assume_role(id, role, session)).await;
        let reply = reply.unwrap_or_else(|error| panic!("no emulator at {}: {error}", self.endpoint));
        account(id, &reply)
    }

    fn authority(&self) -> &str {
        self.endpoint.trim_start_matches("http://")
    }
}

fn command() -> Command {
    let python = venv().join("bin/python");
    assert!(python.exists(), "no Python with moto at {}: run `make venv`", python.display());
    let mut command = Command::new(python);
    command.args(["-c", MOTO]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    // Without this, EC2 shows 1301 snapshots that nobody made, and its first call takes four times as long.
    command.env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false");
    command
}

fn port(moto: &mut Child) -> u16 {
    let mut line = String::new();
    let out = moto.stdout.as_mut().expect("moto's output is piped");
    BufReader::new(out).read_line(&mut line).expect("moto's output is readable");
    line.trim().parse().expect("moto tells its port; if it does not start, it is not in the venv: run `make venv`")
}

fn venv() -> PathBuf {
    env::var_os("REMEDY_VENV").map_or_else(|| workspace().join(".venv"), PathBuf::from)
}

/// The folder that holds `Cargo.lock`, found from the package that is under test.
fn workspace() -> PathBuf {
    let start = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let start = start.unwrap_or_else(|| env::current_dir().expect("there is a current folder"));
    let found = start.ancestors().find(|folder| folder.join("Cargo.lock").exists());
    found.unwrap_or_else(|| panic!("no Cargo.lock above {}", start.display())).to_owned()
}

/// Twelve random digits that do not start with 0. The standard library seeds its hash maps at random; that is enough here.
fn random_account() -> String {
    let random = RandomState::new().build_hasher().finish();
    (100_000_000_000 + random % 900_000_000_000).to_string()
}

/// An unsigned request will do, as long as it names the service where a signature would.
fn assume_role(id: &str, role: &str, session: &str) -> Ask {
    let role = format!("arn:aws:iam::{id}:role/{role}");
    let body = format!("Action=AssumeRole&Version=2011-06-15&RoleArn={role}&RoleSessionName={session}");
    let scope =
        format!("AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/sts/aws4_request, SignedHeaders=host, Signature=0");
    let headers = HeaderMap::from_iter([
        (HeaderName::from_static("authorization"), HeaderValue::from_str(&scope).expect("plain text")),
        (HeaderName::from_static("content-type"), HeaderValue::from_static("application/x-www-form-urlencoded")),
    ]);
    Ask { method: Method::POST, target: "/".to_owned(), headers, body: body.into() }
}

fn account(id: &str, reply: &Reply) -> Account {
    let text = reply.text();
    let part = |name: &str| {
        field(&text, name).unwrap_or_else(|| panic!("AssumeRole gives no {name}: {} {text}", reply.status))
    };
    Account {
        id: id.to_owned(),
        region: REGION.to_owned(),
        access_key: part("AccessKeyId"),
        secret_key: part("SecretAccessKey"),
        session_token: part("SessionToken"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_have_twelve_digits_and_differ() {
        let accounts: std::collections::BTreeSet<_> = (0..100).map(|_| random_account()).collect();
        assert_eq!(accounts.len(), 100);
        assert!(accounts.iter().all(|id| id.len() == 12));
    }

    #[test]
    fn credentials_are_read_from_the_answer() {
        let body = "<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken></Credentials>";
        let account = account("111122223333", &Reply::new(200, "text/xml", body));
        assert_eq!(
            (account.access_key.as_str(), account.secret_key.as_str(), account.session_token.as_str()),
            ("A", "S", "T")
        );
    }
}
