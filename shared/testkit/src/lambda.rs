//! A Lambda function as AWS runs it: the real binary as a process, served by a real Lambda Runtime API.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::env;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use serde_json::Value;
use tokio::process::Command;
use tokio::sync::{Notify, mpsc, oneshot, watch};

use crate::proxy::wire::{bind, listen};

/// How long AWS lets a function take to come up, before its first event.
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// The largest answer that AWS takes from a function.
const ANSWER_LIMIT: usize = 6 * 1024 * 1024;

/// A function to deploy.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The function's name.
    pub name: String,
    /// Its executable, see [`binary`].
    pub binary: PathBuf,
    /// Its settings and credentials; beside these it sees `PATH` and what AWS itself sets.
    pub env: BTreeMap<String, String>,
    /// The id of the account that it runs in.
    pub account: String,
    /// The region that it runs in.
    pub region: String,
    /// How long an invocation may take before the process is killed.
    pub timeout: Duration,
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The function returned this.
    Done(Value),
    /// The function reported an error.
    Failed {
        /// `errorType` of the report.
        error_type: String,
        /// `errorMessage` of the report.
        message: String,
        /// The whole report.
        body: Value,
    },
    /// The process ended before it answered.
    Crashed,
    /// The deadline passed, and the process was killed.
    TimedOut,
}

/// One deployed function with one execution environment: it serves one invocation at a time. Clones are the same function.
#[derive(Clone)]
pub struct Lambda(Arc<Deployed>);

struct Deployed {
    spec: Spec,
    logs: File,
    peak_rss: AtomicU64,
    turn: tokio::sync::Mutex<()>,
    instance: Mutex<Option<Arc<Instance>>>,
}

impl Lambda {
    /// Deploys a function; its process starts at the first invocation.
    pub fn deploy(spec: Spec) -> Self {
        let deployed = Deployed {
            spec,
            logs: log_file(),
            peak_rss: AtomicU64::new(0),
            turn: Default::default(),
            instance: Default::default(),
        };
        Self(Arc::new(deployed))
    }

    /// Invokes the function once and waits for its answer. The invocation goes on even if nobody waits any more.
    pub async fn invoke(&self, event: &[u8]) -> Answer {
        self.attempt(&request_id(), event).await
    }

    /// Invokes the function as AWS does asynchronously: up to two more tries of the same request, without the pause between
    /// them. Returns the answer of each try.
    pub async fn invoke_async(&self, event: &[u8]) -> Vec<Answer> {
        let id = request_id();
        let mut answers = vec![self.attempt(&id, event).await];
        while answers.len() < 3 && !matches!(answers.last(), Some(Answer::Done(_))) {
            answers.push(self.attempt(&id, event).await);
        }
        answers
    }

    /// Kills the process, if there is one, and waits until it is gone. The next invocation starts another.
    pub async fn kill(&self) {
        if let Some(instance) = self.instance() {
            instance.kill().await;
        }
    }

    /// Everything that the function has written to its output and error output, over all its processes.
    pub fn logs(&self) -> String {
        let length = self.0.logs.metadata().expect("an open file has a length").len();
        let mut text = vec![0; usize::try_from(length).expect("logs fit into memory")];
        self.0.logs.read_exact_at(&mut text, 0).expect("an open file can be read");
        String::from_utf8_lossy(&text).into_owned()
    }

    /// The most memory that a process of the function was seen to hold; measured after each answer and now.
    pub fn peak_rss_kib(&self) -> Option<u64> {
        self.measure();
        Some(self.0.peak_rss.load(Ordering::Relaxed)).filter(|peak| *peak > 0)
    }

    /// The processor time of the latest process, if it still exists.
    pub fn processor_time(&self) -> Option<Duration> {
        processor_time(self.instance()?.pid)
    }

    /// From the start of the latest process to its first answer.
    pub fn cold_start(&self) -> Option<Duration> {
        self.instance()?.desk.first_answer.get().copied()
    }

    /// From the start of the latest process to its first question for an event.
    pub fn init_time(&self) -> Option<Duration> {
        self.instance()?.desk.first_next.get().copied()
    }

    fn instance(&self) -> Option<Arc<Instance>> {
        self.0.instance.lock().expect("the instance is not poisoned").clone()
    }

    async fn attempt(&self, id: &str, event: &[u8]) -> Answer {
        let (this, id, event) = (self.clone(), id.to_owned(), Bytes::copy_from_slice(event));
        tokio::spawn(async move { this.serve(&id, event).await }).await.expect("an invocation does not panic")
    }

    async fn serve(&self, id: &str, event: Bytes) -> Answer {
        let _turn = self.0.turn.lock().await;
        let limit = self.0.spec.timeout;
        loop {
            let instance = self.running();
            let seasoned = instance.desk.first_next.get().is_some();
            match instance.serve(id, event.clone(), limit).await {
                // It had ended between two invocations, which AWS notices, too.
                None if seasoned => continue,
                None => return instance.desk.init_error.get().cloned().unwrap_or(Answer::Crashed),
                Some(answer) => {
                    self.measure();
                    return answer;
                }
            }
        }
    }

    fn running(&self) -> Arc<Instance> {
        let mut place = self.0.instance.lock().expect("the instance is not poisoned");
        match place.as_ref().filter(|instance| !*instance.ended.borrow()) {
            Some(instance) => instance.clone(),
            None => place.insert(Instance::start(&self.0.spec, &self.0.logs)).clone(),
        }
    }

    fn measure(&self) {
        if let Some(now) = self.instance().and_then(|instance| peak_rss(instance.pid)) {
            self.0.peak_rss.fetch_max(now, Ordering::Relaxed);
        }
    }
}

/// One process of the function, with a Runtime API of its own: no process can take an event meant for its successor.
struct Instance {
    pid: u32,
    desk: Arc<Desk>,
    events: mpsc::UnboundedSender<Event>,
    ended: watch::Receiver<bool>,
    killed: Arc<Notify>,
}

impl Instance {
    fn start(spec: &Spec, logs: &File) -> Arc<Self> {
        let (listener, api) = bind();
        let mut child = command(spec, &api, logs)
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", spec.binary.display()));
        let (events, queue) = mpsc::unbounded_channel();
        let desk = Arc::new(Desk::new(spec, queue));
        let clerk = desk.clone();
        let serving = tokio::spawn(listen(listener, move |request| {
            let desk = clerk.clone();
            async move { desk.route(request).await }
        }));
        let (ending, ended) = watch::channel(false);
        let killed = Arc::new(Notify::new());
        let pid = child.id().expect("a process that has just started has an id");
        let instance = Arc::new(Self { pid, desk, events, ended, killed: killed.clone() });
        tokio::spawn(async move {
            tokio::select! {
                _ = child.wait() => {}
                () = killed.notified() => drop(child.kill().await),
            }
            serving.abort();
            ending.send_replace(true);
        });
        instance
    }

    async fn kill(&self) {
        self.killed.notify_one();
        self.end().await;
    }

    /// Waits until the process has ended; also if its watcher went down with its runtime.
    async fn end(&self) {
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
    }

    /// Hands an event over and waits for its end. Nothing, if the process ended without ever asking for the event.
    async fn serve(&self, id: &str, payload: Bytes, limit: Duration) -> Option<Answer> {
        let ((taking, mut taken), (answering, mut answer)) = (oneshot::channel(), oneshot::channel());
        let event = Event { id: id.to_owned(), payload, taken: taking, answer: answering };
        self.events.send(event).ok()?;
        tokio::select! {
            biased;
            Ok(()) = &mut taken => {}
            () = self.end() => return None,
            () = tokio::time::sleep(INIT_LIMIT) => return Some(self.time_out().await),
        }
        tokio::select! {
            biased;
            Ok(answer) = &mut answer => Some(answer),
            () = self.end() => Some(answer.try_recv().unwrap_or(Answer::Crashed)),
            () = tokio::time::sleep(limit) => Some(self.time_out().await),
        }
    }

    async fn time_out(&self) -> Answer {
        self.kill().await;
        Answer::TimedOut
    }
}

/// An invocation on its way to the process.
struct Event {
    id: String,
    payload: Bytes,
    taken: oneshot::Sender<()>,
    answer: oneshot::Sender<Answer>,
}

/// The Runtime API's side of one process.
struct Desk {
    started: Instant,
    arn: String,
    limit: Duration,
    events: tokio::sync::Mutex<mpsc::UnboundedReceiver<Event>>,
    open: Mutex<Option<(String, oneshot::Sender<Answer>)>>,
    first_next: OnceLock<Duration>,
    first_answer: OnceLock<Duration>,
    init_error: OnceLock<Answer>,
}

/// Functions are named after their stack, as in the template.
fn arn(spec: &Spec) -> String {
    let Spec { region, account, name, .. } = spec;
    let stack = spec.env.get("REMEDY_STACK").map_or("remedy", String::as_str);
    format!("arn:aws:lambda:{region}:{account}:function:{stack}-{name}")
}

impl Desk {
    fn new(spec: &Spec, events: mpsc::UnboundedReceiver<Event>) -> Self {
        Self {
            started: Instant::now(),
            arn: arn(spec),
            limit: spec.timeout,
            events: tokio::sync::Mutex::new(events),
            open: Mutex::default(),
            first_next: OnceLock::new(),
            first_answer: OnceLock::new(),
            init_error: OnceLock::new(),
        }
    }

    async fn route(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
        let path = request.uri().path().to_owned();
        let Some(path) = path.strip_prefix("/2018-06-01/runtime/") else { return Ok(status(404)) };
        let parts: Vec<&str> = path.split('/').collect();
        if parts == ["invocation", "next"] {
            return Ok(self.next().await);
        }
        let body = request.into_body().collect().await?.to_bytes();
        Ok(match parts[..] {
            ["invocation", id, "response"] => self.close(id, done(&body)),
            ["invocation", id, "error"] => self.close(id, failed(&body)),
            ["init", "error"] => {
                let _ = self.init_error.set(failed(&body));
                status(202)
            }
            _ => status(404),
        })
    }

    /// Waits for an event. The deadline counts from here, as on AWS.
    async fn next(&self) -> Response<Full<Bytes>> {
        let _ = self.first_next.set(self.started.elapsed());
        let Some(event) = self.events.lock().await.recv().await else { return status(410) };
        *self.open.lock().expect("the desk is not poisoned") = Some((event.id.clone(), event.answer));
        let _ = event.taken.send(());
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).expect("now is after 1970") + self.limit;
        let response = Response::builder()
            .header("Content-Type", "application/json")
            .header("Lambda-Runtime-Aws-Request-Id", &event.id)
            .header("Lambda-Runtime-Deadline-Ms", deadline.as_millis().to_string())
            .header("Lambda-Runtime-Invoked-Function-Arn", &self.arn)
            .header("Lambda-Runtime-Trace-Id", trace_id(&event.id));
        response.body(Full::new(event.payload)).expect("these headers are valid")
    }

    fn close(&self, id: &str, answer: Answer) -> Response<Full<Bytes>> {
        let mut open = self.open.lock().expect("the desk is not poisoned");
        match open.take_if(|(known, _)| known == id) {
            Some((_, waiting)) => {
                let _ = self.first_answer.set(self.started.elapsed());
                let _ = waiting.send(answer);
                status(202)
            }
            None => status(400),
        }
    }
}

fn command(spec: &Spec, api: &str, logs: &File) -> Command {
    let log = || Stdio::from(logs.try_clone().expect("an open file can be shared"));
    let task_root = spec.binary.parent().expect("a binary lies in a folder");
    let mut command = Command::new(&spec.binary);
    command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default()).envs(&spec.env);
    command
        .env("AWS_LAMBDA_RUNTIME_API", api)
        .env("AWS_LAMBDA_FUNCTION_NAME", &spec.name)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_REGION", &spec.region)
        .env("AWS_DEFAULT_REGION", &spec.region)
        .env("_HANDLER", "bootstrap")
        .env("LAMBDA_TASK_ROOT", task_root);
    command.stdin(Stdio::null()).stdout(log()).stderr(log()).kill_on_drop(true);
    command
}

/// A file without a name: what a process has written is there at once, and nothing is left behind however the test ends.
fn log_file() -> File {
    let path = env::temp_dir().join(format!("remedy-lambda-{}", request_id()));
    let file = OpenOptions::new().create_new(true).read(true).append(true).open(&path).expect("a new temporary file");
    fs::remove_file(&path).expect("a file that was just made can be removed");
    file
}

fn status(code: u16) -> Response<Full<Bytes>> {
    let body = if code < 300 { r#"{"status":"OK"}"# } else { r#"{"errorType":"InvalidRequest","errorMessage":""}"# };
    Response::builder().status(code).body(Full::from(body)).expect("a valid status")
}

fn done(body: &[u8]) -> Answer {
    let refused =
        |kind: &str, message: String| Answer::Failed { error_type: kind.to_owned(), message, body: Value::Null };
    if body.len() > ANSWER_LIMIT {
        return refused("Function.ResponseSizeTooLarge", format!("{} bytes; the most is {ANSWER_LIMIT}", body.len()));
    }
    serde_json::from_slice(body)
        .map_or_else(|error| refused("Runtime.MalformedResponse", error.to_string()), Answer::Done)
}

fn failed(body: &[u8]) -> Answer {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    Answer::Failed { error_type: text("errorType"), message: text("errorMessage"), body }
}

/// The most memory that a living process has held, in KiB.
fn peak_rss(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// The processor time of all threads of a living process.
fn processor_time(pid: u32) -> Option<Duration> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let spent = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Some(Duration::from_nanos(spent.sum()))
}

/// A random id in the form of a UUID.
fn request_id() -> String {
    let random = || RandomState::new().build_hasher().finish();
    let (high, low) = (random(), random());
    let node = low & 0xffff_ffff_ffff;
    format!("{:08x}-{:04x}-4{:03x}-8{:03x}-{node:012x}", high >> 32, (high >> 16) & 0xffff, high & 0xfff, low >> 52)
}

fn trace_id(id: &str) -> String {
    let hex = id.replace('-', "");
    format!("Root=1-{}-{};Parent={};Sampled=0", &hex[..8], &hex[8..], &hex[..16])
}

/// The executable of a function, next to the test's own; or in the folder `REMEDY_BIN_DIR`, as `<name>` or
/// `<name>/bootstrap`.
///
/// # Panics
///
/// If it has not been built: building a test does not build other packages' binaries.
pub fn binary(name: &str) -> PathBuf {
    let folder = env::var_os("REMEDY_BIN_DIR").map_or_else(own_folder, PathBuf::from);
    let candidates = [folder.join(name), folder.join(name).join("bootstrap")];
    let found = candidates.into_iter().find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("no {name} in {}: run `cargo build --workspace` first", folder.display()))
}

/// `target/<profile>`; tests themselves run in its folder `deps`.
fn own_folder() -> PathBuf {
    let own = env::current_exe().expect("a process knows its executable");
    let folder = own.parent().expect("an executable lies in a folder");
    let folder = if folder.ends_with("deps") { folder.parent().expect("deps lies in a folder") } else { folder };
    folder.to_owned()
}

#[cfg(test)]
mod tests;
