//! A visit: a new browser at a new server.

use std::{panic::AssertUnwindSafe, time::Duration};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element, error::CmdError};
use futures_util::FutureExt;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use test_server::{Home, Server};

use super::process::Driver;

/// How long anything may take to appear. A busy machine is slow, and nothing here measures time.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A browser, and the server that it looks at.
pub struct Visit {
    pub server: Server,
    pub browser: Client,
    driver: Driver,
    session: String,
}

/// Opens a browser, runs `what`, and closes the browser whatever the outcome.
pub async fn visit(what: impl AsyncFnOnce(&Visit)) {
    let profile = TempDir::new().unwrap();
    let home = Home::new(env!("CARGO_BIN_EXE_sekisho"));
    let (server, driver) = (home.serve(), Driver::start());
    let browser = ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities(&profile))
        .connect(&driver.url)
        .await
        .unwrap();
    let session = browser.session_id().await.unwrap().unwrap();
    let visit = Visit { server, browser, driver, session };

    let outcome = AssertUnwindSafe(what(&visit)).catch_unwind().await;

    let closed = visit.browser.clone().close().await;
    match outcome {
        Ok(()) => closed.unwrap(),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn capabilities(profile: &TempDir) -> Map<String, Value> {
    let profile = format!("--user-data-dir={}", profile.path().display());
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,1000",
        &profile,
    ];
    let capabilities = json!({
        "goog:chromeOptions": { "args": arguments },
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
    });
    capabilities.as_object().unwrap().clone()
}

impl Visit {
    /// Goes to a path of the server.
    pub async fn go(&self, path: &str) {
        self.browser.goto(&format!("{}{path}", self.server.url())).await.unwrap();
    }

    /// Waits for an element.
    pub async fn find(&self, css: &str) -> Element {
        let found = self.browser.wait().at_most(TIMEOUT).for_element(Locator::Css(css)).await;
        found.unwrap_or_else(|error| panic!("{css}: {error}"))
    }

    /// Waits for an element that can be clicked, and clicks it.
    pub async fn click(&self, css: &str) {
        let element = self.find(css).await;
        let what = format!("{css} to be clicked");
        until(&what, async || match element.click().await {
            Ok(()) => Some(()),
            Err(CmdError::Standard(_)) => None,
            Err(error) => panic!("{css}: {error}"),
        })
        .await;
    }

    /// Waits for a text that is not empty.
    pub async fn text(&self, css: &str) -> String {
        until(&format!("a text in {css}"), async || {
            let text = self.find(css).await.text().await.ok()?;
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        })
        .await
    }

    /// What a script returns.
    pub async fn evaluate(&self, script: &str) -> Value {
        self.browser.execute(script, Vec::new()).await.unwrap()
    }

    /// The entries of a log since it was last read: `browser` is the console, with what the browser refused
    /// to do; `performance` is every event of the network.
    pub async fn log(&self, name: &str) -> Vec<Value> {
        let url = format!("{}/session/{}/se/log", self.driver.url, self.session);
        let mut response =
            awc::Client::default().post(url).send_json(&json!({ "type": name })).await.unwrap();
        let body = response.body().limit(64 * 1024 * 1024).await.unwrap();
        let mut answer: Value = serde_json::from_slice(&body).unwrap();
        match answer["value"].take() {
            Value::Array(entries) => entries,
            other => panic!("no log {name}: {other}"),
        }
    }

    /// Every address that the page requested, even if there was no answer.
    pub async fn requested(&self) -> Vec<String> {
        let entries = self.log("performance").await;
        let messages = entries.iter().map(|entry| {
            let text = entry["message"].as_str().unwrap();
            serde_json::from_str::<Value>(text).unwrap()["message"].take()
        });
        messages
            .filter(|message| message["method"] == "Network.requestWillBeSent")
            .map(|message| message["params"]["request"]["url"].as_str().unwrap().to_owned())
            // The browser's own start page, which no other page can request.
            .filter(|url| !url.starts_with("chrome:"))
            .collect()
    }

    /// Saves a screenshot in `target/screenshots`.
    pub async fn keep_screenshot(&self, name: &str) {
        let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join(name), self.browser.screenshot().await.unwrap()).unwrap();
    }
}

/// Asks again until there is an answer.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let answer = tokio::time::timeout(TIMEOUT, asking).await;
    answer.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}
