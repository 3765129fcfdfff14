//! `GET /users`: by pages, and by the beginning of a name.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::TestApp;

/// Reads every page; `between` is called after each.
async fn walk(app: &TestApp, token: &str, query: &str, mut between: impl AsyncFnMut(usize)) -> Vec<String> {
    let (mut names, mut after, mut page) = (Vec::new(), String::new(), 0);
    loop {
        let answer = app.get(&format!("/users?{query}{after}"), Some(token)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let json = answer.json();
        let items = json["items"].as_array().unwrap();
        names.extend(items.iter().map(|user| user["username"].as_str().unwrap().to_owned()));
        between(page).await;
        page += 1;
        match &json["next"] {
            Value::Null => return names,
            next => {
                assert!(!items.is_empty());
                after = format!("&after={}", next.as_str().unwrap());
            }
        }
    }
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

#[actix_web::test]
async fn every_user_is_listed_exactly_once_though_others_come_meanwhile() {
    let app = TestApp::start().await;
    let root = app.administrator("root").await;
    let mut expected = vec!["root".to_owned()];
    for number in 0..17 {
        let name = format!("user{number}");
        app.register(&name).await;
        expected.push(name);
    }
    for limit in [1, 2, 3, 6, 17, 18, 19, 200] {
        let mut added = Vec::new();
        let names = walk(&app, &root.access, &format!("limit={limit}"), async |page| {
            if page < 2 {
                let name = format!("late{limit}-{page}");
                app.register(&name).await;
                added.push(name);
            }
        })
        .await;

        let mut counts = BTreeMap::new();
        for name in &names {
            *counts.entry(name.as_str()).or_insert(0) += 1;
        }
        for name in &expected {
            assert_eq!(counts.get(name.as_str()), Some(&1), "{name} by {limit}");
        }
        assert!(counts.values().all(|count| *count == 1), "{counts:?}");
        expected.extend(added);
    }
}

#[actix_web::test]
async fn a_prefix_finds_usernames_and_addresses_in_any_case_and_each_user_once() {
    let app = TestApp::start().await;
    let root = app.administrator("root").await;
    for (username, email) in [
        ("Anna", "x1@example.com"),
        ("annabel", "annabel@example.com"),
        ("bob", "ANNA.other@example.com"),
        ("carol", "carol@anna.example.com"),
        ("under_score", "u1@example.com"),
        ("underXscore", "u2@example.com"),
        ("ann", "a_n@example.com"),
    ] {
        let body = json!({ "username": username, "email": email, "password": "long enough" });
        assert_eq!(app.post("/users/", None, &body).await.status, 201);
    }
    for (prefix, expected) in [
        ("anna", vec!["Anna", "annabel", "bob"]),
        ("ANNA", vec!["Anna", "annabel", "bob"]),
        ("annab", vec!["annabel"]),
        ("a_", vec!["ann"]),
        ("under_", vec!["under_score"]),
        ("%25", vec![]),
        ("_", vec![]),
        ("x1@example.com", vec!["Anna"]),
        ("x1@example.com.", vec![]),
        ("%F4%8F%BF%BF", vec![]),
        ("%00", vec![]),
        ("'", vec![]),
        ("zzz", vec![]),
    ] {
        for limit in [1, 2, 50] {
            let names = walk(&app, &root.access, &format!("q={prefix}&limit={limit}"), async |_| {}).await;

            assert_eq!(sorted(names), expected, "{prefix} by {limit}");
        }
    }
}

#[actix_web::test]
async fn a_page_has_fifty_users_unless_told_otherwise() {
    let app = TestApp::start().await;
    let root = app.administrator("root").await;
    futures_util::future::join_all((0..51).map(async |number| {
        assert_eq!(app.register(&format!("user{number}")).await.status, 201);
    }))
    .await;

    let first = app.get("/users", Some(&root.access)).await.json();
    let all = app.get("/users?limit=200", Some(&root.access)).await.json();

    assert_eq!(first["items"].as_array().unwrap().len(), 50);
    assert!(first["next"].is_string());
    assert_eq!(all["items"].as_array().unwrap().len(), 52);
    assert_eq!(all["next"], json!(null));
}

#[actix_web::test]
async fn a_query_that_makes_no_sense_is_named() {
    let app = TestApp::start().await;
    let root = app.administrator("root").await;
    let long = format!("q={}", "x".repeat(255));
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("after=x", "after"),
        ("after=!!!", "after"),
        ("after=bm90YWN1cnNvcg", "after"),
        (&long, "q"),
    ] {
        for path in ["/users", "/users/"] {
            let answer = app.get(&format!("{path}?{query}"), Some(&root.access)).await;

            assert_eq!((answer.status.as_u16(), &*answer.code()), (422, "validation_error"), "{query}");
            assert_eq!(answer.json()["detail"][0]["loc"], json!(["query", name]), "{query}");
        }
    }
    assert_eq!(app.get(&format!("/users?q={}", "x".repeat(254)), Some(&root.access)).await.status, 200);
    assert_eq!(app.get("/users?unknown=1&limit=200", Some(&root.access)).await.status, 200);
}

#[actix_web::test]
async fn an_empty_cursor_is_the_first_page() {
    let app = TestApp::start().await;
    let root = app.administrator("root").await;
    app.register("alice").await;

    let first = app.get("/users?limit=1&after=", Some(&root.access)).await;
    let second = first.json()["next"].as_str().unwrap().to_owned();
    let second = app.get(&format!("/users?limit=1&after={second}"), Some(&root.access)).await;

    assert_eq!(first.json(), app.get("/users?limit=1", Some(&root.access)).await.json());
    assert_ne!(first.json()["items"], second.json()["items"]);
}
