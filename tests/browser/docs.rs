//! `/docs`: the page that explains the API and tries it out.

use serde_json::{Value, json};
use test_server::PASSWORD;

use super::visit::{Visit, until, visit};

/// What the browser refused, and what scripts complained of. Advice to developers is neither.
async fn complaints(visit: &Visit) -> Vec<String> {
    let entries = visit.log("browser").await;
    let complaints = entries.iter().filter(|entry| entry["level"] != "DEBUG");
    complaints.map(|entry| format!("{} {}", entry["level"], entry["message"])).collect()
}

#[actix::test]
async fn the_page_shows_every_operation_of_the_document() {
    visit(async |visit| {
        let document = visit.server.get("/openapi.json").expect(200).json();
        let methods_of = |(path, item): (&String, &Value)| -> Vec<String> {
            let methods = item.as_object().unwrap().keys();
            methods.map(|method| format!("{} {path}", method.to_uppercase())).collect()
        };
        let mut expected: Vec<_> =
            document["paths"].as_object().unwrap().iter().flat_map(methods_of).collect();

        visit.open_docs().await;

        let mut shown = visit.operations().await;
        visit.keep_screenshot("docs.png").await;
        expected.sort();
        shown.sort();
        assert!(expected.contains(&"GET /users/me".to_owned()), "{expected:?}");
        assert_eq!(shown, expected);
        assert!(visit.text(".info .title").await.contains("Sekisho"));
    })
    .await;
}

#[actix::test]
async fn the_home_address_leads_to_the_page() {
    visit(async |visit| {
        visit.go("/").await;

        assert_eq!(visit.browser.current_url().await.unwrap().path(), "/docs");
        visit.find(".opblock").await;
    })
    .await;
}

#[actix::test]
async fn whoever_authorizes_with_a_password_sees_their_account() {
    visit(async |visit| {
        visit.server.register("alice").expect(201);
        visit.open_docs().await;

        visit.authorize("alice", PASSWORD).await;
        visit.see_authorized().await;
        let shown = visit.execute("get", "/users/me", None).await;

        visit.evaluate("document.querySelector('.opblock.is-open').scrollIntoView()").await;
        visit.keep_screenshot("docs-me.png").await;
        assert_eq!(shown.status, "200");
        assert_eq!(shown.body["username"], "alice");
        assert_eq!(shown.body["email"], "alice@example.com");
    })
    .await;
}

#[actix::test]
async fn without_authorization_an_account_is_not_shown() {
    visit(async |visit| {
        visit.open_docs().await;

        let shown = visit.execute("get", "/users/me", None).await;

        assert_eq!(shown.status.split_whitespace().next(), Some("401"));
        assert_eq!(shown.body["code"], "not_authenticated");
    })
    .await;
}

#[actix::test]
async fn after_a_wrong_password_the_dialog_says_so_and_nobody_is_authorized() {
    visit(async |visit| {
        visit.server.register("alice").expect(201);
        visit.open_docs().await;

        visit.authorize("alice", "not the password").await;

        let said = visit.text(".modal-ux .auth-container .errors").await;
        visit.keep_screenshot("docs-wrong-password.png").await;
        assert!(said.contains("Incorrect username or password"), "{said}");
        let authorized = "return document.querySelector('.auth-wrapper .btn.authorize.locked') !== null";
        assert_eq!(visit.evaluate(authorized).await, false);
    })
    .await;
}

#[actix::test]
async fn somebody_registers_on_the_page_and_authorizes_there() {
    visit(async |visit| {
        let body = json!({ "email": "carol@example.com", "username": "carol", "password": PASSWORD });
        visit.open_docs().await;

        let shown = visit.execute("post", "/users/", Some(&body)).await;
        visit.authorize("carol", PASSWORD).await;

        assert_eq!(shown.status, "201");
        assert_eq!(shown.body["username"], "carol");
        assert_eq!(shown.body["role"], "user");
        visit.see_authorized().await;
    })
    .await;
}

#[actix::test]
async fn the_page_asks_no_other_host_and_breaks_no_policy() {
    visit(async |visit| {
        visit.server.register("alice").expect(201);
        visit.open_docs().await;
        visit.authorize("alice", PASSWORD).await;
        visit.see_authorized().await;
        visit.execute("get", "/users/me", None).await;

        let requested = visit.requested().await;
        let complaints = complaints(visit).await;

        let own = format!("{}/", visit.server.url());
        let is_ours = |url: &&String| url.starts_with(&own) || url.starts_with("data:");
        assert!(requested.iter().any(|url| url.ends_with("/users/me")), "{requested:?}");
        assert_eq!(requested.iter().find(|url| !is_ours(url)), None);
        assert_eq!(complaints, Vec::<String>::new());
    })
    .await;
}

#[actix::test]
async fn the_policy_stops_inline_scripts_and_other_hosts() {
    visit(async |visit| {
        visit.open_docs().await;
        visit.log("browser").await;

        let inject = "const script = document.createElement('script');
            script.textContent = 'window.injected = true';
            document.body.append(script);
            fetch('http://localhost:9/').catch(() => { window.refused = true })";
        visit.evaluate(inject).await;

        until("the refusal of the other host", async || {
            visit.evaluate("return window.refused === true").await.as_bool().filter(|refused| *refused)
        })
        .await;
        assert_eq!(visit.evaluate("return window.injected === true").await, false);
        let complaints = complaints(visit).await.join("\n");
        assert!(complaints.contains("script-src") && complaints.contains("connect-src"), "{complaints}");
    })
    .await;
}
