//! The second emulator, MiniStack: it keeps what Object Lock locks, and enforces IAM policies, both of which moto does not.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use remedy_aws::{
    Session,
    environment::{Access, Credentials},
};
use remedy_domain::Region;

/// The one account of it that tests use.
pub const ACCOUNT: &str = "111122223333";

/// Whether it asks who may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policies {
    /// Everybody may do everything.
    Ignored,
    /// What no policy allows is denied. The account's own id is the access key of its root user.
    Enforced,
}

/// It reports that it is ready, and ends with its process.
pub struct MiniStack {
    process: Child,
    /// Where it listens.
    pub endpoint: String,
}

impl Drop for MiniStack {
    fn drop(&mut self) {
        let _gone_anyway = self.process.kill();
        let _status = self.process.wait();
    }
}

impl MiniStack {
    /// Starts one with these services.
    pub fn start(services: &str, policies: Policies) -> Self {
        let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let venv = std::env::var_os("REMEDY_WORM_VENV").map_or_else(|| root.join(".venv-worm"), PathBuf::from);
        let program = venv.join("bin/ministack");
        assert!(program.is_file(), "no {}: run `make test`, or `make .venv-worm/.complete`", program.display());
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let mut command = Command::new(program);
        command.env("BIND_HOST", "127.0.0.1").env("IOT_MTLS_ENABLED", "0").env("GATEWAY_PORT", port.to_string());
        command.env("AUTH", (policies == Policies::Enforced).to_string()).env("SERVICES", services);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("MiniStack starts");
        let log = BufReader::new(process.stderr.take().unwrap());
        let mut lines = log.lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("Running on")), "MiniStack ended before it was ready");
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, endpoint: format!("http://127.0.0.1:{port}") }
    }

    /// The way in of the account's root user.
    pub fn session(&self) -> Session {
        self.session_of(Credentials {
            access_key_id: ACCOUNT.into(),
            secret_access_key: "test".into(),
            session_token: None,
        })
    }

    /// The access of whoever has these credentials.
    pub fn session_of(&self, credentials: Credentials) -> Session {
        let region = Region::parse("us-east-1").unwrap();
        Session::with_access(&Access { region, endpoint: Some(self.endpoint.clone()), credentials, function: None })
    }
}
