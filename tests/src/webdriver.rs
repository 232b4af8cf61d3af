//! A browser: headless Chromium behind ChromeDriver, by the WebDriver protocol (W3C).

use std::env;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::{DEADLINE, within};

/// The name that the protocol has for the key of an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What keeps a browser to the one page that it is shown, whoever vouches for that page.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--ignore-certificate-errors",
];

/// A browser with one window. It is killed when it is dropped.
#[derive(Debug)]
pub struct WebDriver {
    address: SocketAddr,
    session: String,
    _driver: Driver,
    /// Goes after the browser, as fields are dropped in their order.
    _profile: TempDir,
}

/// ChromeDriver, and all that it has started.
#[derive(Debug)]
struct Driver {
    child: Child,
    /// Its own process group, which the browser's processes are in as well.
    group: Pid,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // To kill the driver alone would leave a dozen processes behind. Where the group is gone,
        // nothing is left to do.
        let _gone = kill_process_group(self.group, Signal::KILL);
    }
}

impl WebDriver {
    /// Starts a browser that nobody has used before.
    ///
    /// # Panics
    ///
    /// Where there is none on this machine.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// As [`start`](Self::start), with these arguments too.
    ///
    /// # Panics
    ///
    /// Where there is none on this machine.
    pub async fn start_with(more: &[&str]) -> Self {
        let (driver, address) = Driver::start().await;
        let profile = TempDir::with_prefix("sockhop-it-browser-").expect("a temporary folder");
        let mut arguments: Vec<_> =
            FLAGS.iter().chain(more).map(|flag| (*flag).to_owned()).collect();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let options = json!({ "binary": on_path("chromium"), "args": arguments });
        let wanted = json!({ "alwaysMatch": { "goog:chromeOptions": options } });
        let mut browser =
            Self { address, session: String::new(), _driver: driver, _profile: profile };
        let made = browser.ask("/session", json!({ "capabilities": wanted })).await;
        browser.session = made["sessionId"].as_str().expect("a session").to_owned();
        browser
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) {
        self.command("url", json!({ "url": url })).await;
    }

    /// Types into the element that a CSS selector finds.
    pub async fn type_into(&self, selector: &str, text: &str) {
        let element = self.find(selector).await;
        self.command(&format!("element/{element}/clear"), json!({})).await;
        self.command(&format!("element/{element}/value"), json!({ "text": text })).await;
    }

    /// Clicks the element that a CSS selector finds.
    pub async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        self.command(&format!("element/{element}/click"), json!({})).await;
    }

    /// What an expression of JavaScript says in the page.
    pub async fn evaluate(&self, expression: &str) -> Value {
        let script = format!("return {expression};");
        self.command("execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// Waits until an expression of JavaScript says this in the page.
    pub async fn until(&self, expression: &str, wanted: &Value) {
        let mut last = Value::Null;
        let what = format!("{expression} to be {wanted}");
        let end = Instant::now() + DEADLINE;
        while last != *wanted {
            last = self.evaluate(expression).await;
            assert!(Instant::now() < end, "waited {DEADLINE:?} in vain for {what}; it is {last}");
        }
    }

    async fn find(&self, selector: &str) -> String {
        let query = json!({ "using": "css selector", "value": selector });
        let found = self.command("element", query).await;
        found[ELEMENT].as_str().expect("an element").to_owned()
    }

    async fn command(&self, command: &str, body: Value) -> Value {
        self.ask(&format!("/session/{}/{command}", self.session), body).await
    }

    async fn ask(&self, path: &str, body: Value) -> Value {
        within(&format!("the browser to answer {path}"), self.exchange(path, &body)).await
    }

    async fn exchange(&self, path: &str, body: &Value) -> Value {
        let tcp = TcpStream::connect(self.address).await.expect("the driver listens");
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(tcp)).await.expect("HTTP needs no handshake");
        tokio::spawn(connection);
        let mut request = Request::new(Full::new(Bytes::from(body.to_string())));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = path.parse().expect("a path");
        let host = self.address.to_string().parse().expect("a valid field");
        request.headers_mut().insert("host", host);
        let response = sender.send_request(request).await.expect("an answer");
        let status = response.status();
        let answer = response.into_body().collect().await.expect("a whole body").to_bytes();
        let mut answer: Value = serde_json::from_slice(&answer).expect("JSON");
        assert!(status.is_success(), "the browser refused {path} {body}: {answer:#}");
        answer["value"].take()
    }
}

impl Driver {
    async fn start() -> (Self, SocketAddr) {
        let mut command = Command::new(on_path("chromedriver"));
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0);
        let child = command.spawn().expect("it is a program");
        let id = child.id().expect("it runs").cast_signed();
        let group = Pid::from_raw(id).expect("a process id");
        let mut driver = Self { child, group };
        let mut lines = BufReader::new(driver.child.stdout.take().expect("a pipe")).lines();
        let port = within("ChromeDriver to listen", async {
            while let Some(line) = lines.next_line().await.expect("UTF-8") {
                if let Some((_, port)) = line.split_once("started successfully on port ") {
                    return port.trim_end_matches('.').parse::<u16>().expect("a port");
                }
            }
            panic!("ChromeDriver ended before it listened")
        });
        let address = SocketAddr::from(([127, 0, 0, 1], port.await));
        // It goes on printing, and ends when it cannot.
        tokio::spawn(async move { while let Ok(Some(_line)) = lines.next_line().await {} });
        (driver, address)
    }
}

/// Where a program is.
fn on_path(program: &str) -> PathBuf {
    let folders = env::var_os("PATH").unwrap_or_default();
    let found =
        env::split_paths(&folders).map(|folder| folder.join(program)).find(|file| file.exists());
    found.unwrap_or_else(|| {
        panic!("{program} is not on this machine; run `apt-get install chromium chromium-driver`")
    })
}
