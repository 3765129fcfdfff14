//! Invalid bodies and paths.

use actix_web::http::Method;
use serde_json::json;

use crate::support::{
    PASSWORD, TestApp,
    wire::{FORM, JSON},
};

#[actix_web::test]
async fn a_form_that_is_no_form_is_an_invalid_request() {
    let app = TestApp::start().await;
    app.register("alice").await;
    for path in ["/token", "/revoke"] {
        for body in [
            &b"username=%ff&password=x&token=x"[..],
            b"username=\xff\xfe&password=x&token=x",
            b"username=alice&username=bob&password=x&token=x",
            b"username=alice&password=x&password=y&token=x&token=y",
            b"token=x&token=x",
            b"scope=&scope=user&token=x",
            b"=&=",
        ] {
            let answer = app.send_body(Method::POST, path, &[("content-type", FORM)], body).await;

            assert_eq!(answer.status, 400, "{path} {}", String::from_utf8_lossy(body));
            let json = answer.json();
            assert_eq!(
                (&json["code"], &json["error"]),
                (&json!("invalid_request"), &json!("invalid_request"))
            );
        }
    }
}

#[actix_web::test]
async fn a_forms_odd_values_are_values() {
    let app = TestApp::start().await;
    app.register("alice").await;
    for (body, status) in [
        ("username=ali%00ce&password=x", 401),
        ("username=alice%00&password=correct+horse+battery", 401),
        ("username=alice&password=correct+horse+battery%00", 401),
        ("username=%20alice&password=correct+horse+battery", 401),
        ("username=%F0%9F%A6%80&password=%F0%9F%A6%80", 401),
        ("username=alice&password=%", 401),
        ("username=alice&password=%zz", 401),
        ("&&username=alice&&password=correct+horse+battery&&&", 200),
        ("user%6eame=alice&password=correct%20horse%20battery&x=1", 200),
        ("username=alice&password=correct+horse+battery&scope=%00", 400),
        ("username=alice;password=correct+horse+battery", 422),
    ] {
        let answer = app.send_body(Method::POST, "/token", &[("content-type", FORM)], body).await;

        assert_eq!(answer.status, status, "{body}: {}", answer.body);
    }
}

#[actix_web::test]
async fn json_that_is_no_json_is_named_as_such_wherever_json_is_read() {
    let app = TestApp::start().await;
    let token = app.administrator("root").await.access;
    let bearer = format!("Bearer {token}");
    let deep = [br#"{"email":"#.to_vec(), vec![b'['; 60_000]].concat();
    let objects = [br#"{"a":"#.repeat(10_000), b"1".to_vec(), vec![b'}'; 10_000]].concat();
    let name = [b"{\"\xff\":1}".to_vec(), Vec::new()].concat();
    for (method, path) in [
        ("POST", "/users/"),
        ("PATCH", "/users/me"),
        ("DELETE", "/users/me"),
        ("POST", "/users/me/password"),
        ("PATCH", "/users/1"),
    ] {
        for body in [
            &b""[..],
            b"\xff",
            b"{\"email\":\"\xc3\x28\"}",
            &name,
            br#"{"email":"\ud800"}"#,
            br#"{"password":"first one","password":"second one"}"#,
            br#"{"email":"a@b.cd",}"#,
            b"{'email':'a@b.cd'}",
            b"\xef\xbb\xbf{}",
            b"{\"email\":\"a\0b\"}",
            b"NaN",
            &deep,
            &objects,
        ] {
            let headers = [("content-type", JSON), ("authorization", bearer.as_str())];
            let answer = app.send_body(method.parse().unwrap(), path, &headers, body).await;

            assert_eq!(
                answer.status,
                422,
                "{method} {path} {:?}",
                String::from_utf8_lossy(&body[..body.len().min(80)])
            );
            assert_eq!(answer.json()["detail"][0]["type"], "json_invalid", "{method} {path}");
        }
    }
    assert_eq!(app.me(&token).await.json()["email"], "root@example.com");
}

#[actix_web::test]
async fn a_name_that_occurs_twice_deeper_down_registers_nobody_ambiguously() {
    let app = TestApp::start().await;
    let body = format!(
        r#"{{"user":{{"email":"a@example.com","username":"first","username":"second"}},"password":"{PASSWORD}"}}"#
    );

    let answer = app.send_body(Method::POST, "/users/", &[("content-type", JSON)], body).await;

    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(answer.json()["detail"][0]["type"], "json_invalid");
}

#[actix_web::test]
async fn numbers_beyond_all_bounds_are_no_texts() {
    let app = TestApp::start().await;
    for number in ["1e400", "-1e400", "123456789012345678901234567890", "1E-999999999"] {
        let body = format!(r#"{{"email":{number},"username":{number},"password":{number},"x":{number}}}"#);

        let answer = app.send_body(Method::POST, "/users/", &[("content-type", JSON)], body).await;

        assert_eq!(answer.status, 422, "{number}");
    }
}

#[actix_web::test]
async fn texts_that_look_like_code_are_texts() {
    let app = TestApp::start().await;
    let token = app.administrator("root").await.access;
    for text in [
        "' OR '1'='1",
        "\"; DROP TABLE users; --",
        "<script>alert(1)</script>",
        "${jndi:x}",
        "%s%n",
        "../../x",
    ] {
        assert_eq!(app.try_log_in(text, text).await.status, 401, "{text}");
        let body = json!({ "email": text, "username": text, "password": PASSWORD });
        assert_eq!(app.post("/users/", None, &body).await.status, 422, "{text}");
        let encoded = percent_encoding::percent_encode(text.as_bytes(), percent_encoding::NON_ALPHANUMERIC);
        let found = app.get(&format!("/users?q={encoded}"), Some(&token)).await;
        assert_eq!((found.status.as_u16(), &found.json()["items"]), (200, &json!([])), "{text}");
    }
}

#[actix_web::test]
async fn paths_of_odd_bytes_are_answered_like_any_unknown_path() {
    let app = TestApp::start().await;
    let token = app.administrator("root").await.access;
    for (path, status) in [
        ("/users/%ff", 422),
        ("/users/%00", 422),
        ("/users/1%00", 422),
        ("/users/%2F", 422),
        ("/users/m%65", 200),
        ("/%75sers/me", 200),
        ("/docs/%ff", 404),
        ("/docs/%00", 404),
        ("/docs/%2e%2e", 404),
        ("/users/+1", 200),
    ] {
        let answer = app.get(path, Some(&token)).await;

        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
}
