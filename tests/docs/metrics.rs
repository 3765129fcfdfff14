//! Compares the dashboard and the table of metrics with the metrics of a server that has worked.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use futures_util::future::join_all;
use sekisho::{
    actors::{Pinger, maintenance::RunMaintenance},
    app::{Application, Overrides},
    config::{Config, Database},
};
use serde_json::Value;

use crate::support::text;

/// A server's `/metrics`: the samples' names with their labels' names, and the metrics themselves.
struct Page {
    samples: BTreeMap<String, BTreeSet<String>>,
    metrics: BTreeSet<String>,
}

impl Page {
    fn parse(text: &str) -> Self {
        let metrics = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        let metrics = metrics.map(|line| line.split(' ').next().unwrap().to_owned()).collect();
        let mut samples: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (name, rest) = line.split_at(line.find(['{', ' ']).unwrap());
            let labels = rest.split("=\"").map(|part| part.rsplit(['{', ',', ' ']).next().unwrap());
            // The last part is what follows the last label's name.
            let labels: Vec<_> = labels.map(str::to_owned).collect();
            samples.entry(name.to_owned()).or_default().extend(labels[..labels.len() - 1].iter().cloned());
        }
        Self { samples, metrics }
    }
}

/// Makes a server do a bit of everything, and reads its metrics.
async fn page_of_a_server_that_has_worked() -> Page {
    let mut config = Config::default();
    config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.server.metrics_listen = Some(config.server.listen);
    config.database.location = Database::Memory;
    config.password.bcrypt_cost = 4;
    let application = Application::build(config, Overrides::default()).await.unwrap();
    let url = format!("http://{}", application.address());
    let metrics_url = format!("http://{}/metrics", application.metrics_address().unwrap());
    let sekisho = application.sekisho().clone();
    actix_web::rt::spawn(application.run());
    let client = awc::Client::default();

    let alice = serde_json::json!({
        "email": "alice@example.com", "username": "alice", "password": "correct horse battery",
    });
    let registered = client.post(format!("{url}/users/")).send_json(&alice).await.unwrap();
    assert_eq!(registered.status(), 201);
    let log_in = [("username", "alice"), ("password", "correct horse battery")];
    let tokens: Value =
        client.post(format!("{url}/token")).send_form(&log_in).await.unwrap().json().await.unwrap();
    let refresh =
        [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
    assert_eq!(client.post(format!("{url}/token")).send_form(&refresh).await.unwrap().status(), 200);
    sekisho.maintenance().ask(RunMaintenance).await.unwrap();
    // More than may be in flight: the others are refused.
    let db = Pinger::from(sekisho.db());
    let pings = join_all((0..20_000).map(|_| db.ping())).await;
    assert!(pings.iter().any(Result::is_err) && pings.iter().any(Result::is_ok));

    let body = client.get(metrics_url).send().await.unwrap().body().limit(1 << 24).await.unwrap();
    Page::parse(std::str::from_utf8(&body).unwrap())
}

/// Every word of a text that may be the name of a metric.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("sekisho_"))
}

/// Every label that an expression groups or selects by.
fn labels(expression: &str) -> Vec<&str> {
    let grouped = expression.split("by (").skip(1).filter_map(|rest| rest.split_once(')'));
    let selected = expression.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    let selected = selected.flat_map(|(inner, _)| inner.split(", "));
    let selected = selected.map(|matcher| matcher.split(['=', '!']).next().unwrap());
    grouped.flat_map(|(list, _)| list.split(", ")).chain(selected).collect()
}

fn dashboard() -> Value {
    serde_json::from_str(&text("docs/grafana-dashboard.json")).unwrap()
}

/// The expressions of a dashboard's panels.
fn expressions(dashboard: &Value) -> Vec<String> {
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn the_dashboard_asks_for_what_a_server_says() {
    let page = page_of_a_server_that_has_worked().await;
    let expressions = expressions(&dashboard());

    assert!(expressions.len() > 20);
    for expression in &expressions {
        let mut known = BTreeSet::from(["instance".to_owned(), "le".to_owned()]);
        for name in names(expression) {
            let labels = page.samples.get(name).unwrap_or_else(|| panic!("{name} in {expression}"));
            known.extend(labels.iter().cloned());
        }
        for label in labels(expression) {
            assert!(known.contains(label), "{label} in {expression}");
        }
    }
    let shown: BTreeSet<_> = expressions.iter().flat_map(|expression| names(expression)).collect();
    for metric in &page.metrics {
        assert!(shown.iter().any(|name| name.starts_with(metric.as_str())), "{metric} is not shown");
    }
}

#[actix_web::test]
async fn the_operators_page_explains_every_metric_and_no_other() {
    let page = page_of_a_server_that_has_worked().await;
    let operations = text("docs/OPERATIONS.md");

    let rows = operations.lines().filter_map(|line| line.strip_prefix("| `sekisho_"));
    let explained: BTreeSet<_> =
        rows.map(|row| format!("sekisho_{}", row.split_once('`').unwrap().0)).collect();

    assert_eq!(explained, page.metrics);
}

#[test]
fn the_dashboard_can_be_imported() {
    let dashboard = dashboard();

    assert!(dashboard["id"].is_null() && dashboard["schemaVersion"].as_u64().unwrap() >= 39);
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert!(variables.iter().any(|v| v["name"] == "datasource" && v["type"] == "datasource"));
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "each panel has an id of its own");
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
        let position = &panel["gridPos"];
        assert!(position["x"].as_u64().unwrap() + position["w"].as_u64().unwrap() <= 24);
    }
}
