//! Two servers on one file: each sees at once what the other has done.

use std::thread;

use crate::support::{Home, Server, assert_whole, home, number, open};

fn pair(home: &Home) -> (Server, Server) {
    let issuer = ["--issuer=http://sekisho.test"];
    (home.serve_with(&issuer), home.serve_with(&issuer))
}

#[test]
fn who_registers_at_one_logs_in_at_the_other() {
    let home = home();
    let (one, other) = pair(&home);

    one.register("alice").expect(201);
    let tokens = other.log_in("alice");

    assert_eq!(one.me(&tokens).expect(200).json()["username"], "alice");
    assert_eq!(one.register("Alice").expect(409).code(), "email_taken");
    let tokens = one.refresh(&tokens.refresh).tokens();
    assert_eq!(other.me(&tokens).status, 200);
}

/// A way to end the session of an access token.
type End<'a> = &'a dyn Fn(&str);

#[test]
fn what_ends_at_one_is_dead_at_the_other_at_once() {
    let home = home();
    home.add_user("root", "admin");
    let (one, other) = pair(&home);
    let ways: [(&str, End<'_>); 3] = [
        ("logout", &|token| {
            one.as_user(token, "POST", "/logout").expect(204);
        }),
        ("revoke", &|token| {
            one.form("/revoke", &[("token", token)]).expect(200);
        }),
        ("end_all", &|token| {
            let mine = one.as_user(token, "GET", "/users/me/sessions").expect(200).json();
            let mine =
                mine["items"].as_array().unwrap().iter().find(|s| s["current"] == true).unwrap().clone();
            one.as_user(token, "DELETE", &format!("/users/me/sessions/{}", mine["id"])).expect(204);
        }),
    ];
    for (name, end) in ways {
        let tokens = one.newcomer(name);
        // The other server has verified the token and may have it in its cache.
        assert_eq!(other.me(&tokens).status, 200, "{name}");

        end(&tokens.access);

        assert_eq!(other.me(&tokens).status, 401, "{name}");
        assert_eq!(other.refresh(&tokens.refresh).status, 401, "{name}");
    }
}

#[test]
fn nothing_is_lost_when_both_write() {
    const EACH: usize = 25;
    let home = home();
    let (one, other) = pair(&home);

    let acknowledged: Vec<String> = thread::scope(|scope| {
        let writers: Vec<_> = [("a", &one), ("b", &one), ("c", &other), ("d", &other)]
            .into_iter()
            .map(|(name, server)| {
                scope.spawn(move || {
                    let names = (0..EACH).map(|number| format!("{name}{number}"));
                    names
                        .inspect(|name| {
                            server.register(name).expect(201);
                            server.log_in(name);
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });

    for name in &acknowledged {
        one.log_in(name);
    }
    one.stop();
    other.stop();
    let db = open(&home.database());
    assert_eq!(number(&db, "SELECT count(*) FROM users"), i64::try_from(acknowledged.len()).unwrap());
    assert_eq!(number(&db, "SELECT count(*) FROM sessions"), 2 * 4 * i64::try_from(EACH).unwrap());
    drop(db);
    assert_whole(&home.database());
    assert_eq!(home.files(), ["sekisho.db"]);
}

#[test]
fn one_username_wanted_at_both_is_given_once() {
    let home = home();
    let (one, other) = pair(&home);
    for round in 0..10 {
        let name = format!("wanted{round}");

        let mut statuses = thread::scope(|scope| {
            let both = [&one, &other].map(|server| scope.spawn(|| server.register(&name).status));
            both.map(|each| each.join().unwrap())
        });

        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
    }
}

#[test]
fn the_end_of_one_leaves_the_other_working() {
    let home = home();
    let (one, other) = pair(&home);
    let tokens = one.newcomer("alice");

    one.stop();
    other.register("bob").expect(201);
    assert_eq!(other.me(&tokens).status, 200);
    other.kill();

    let server = home.serve();
    server.log_in("bob");
    assert_whole(&home.database());
}

#[test]
fn two_first_starts_at_once_agree_on_the_keys() {
    for _ in 0..3 {
        let home = home();
        let issuer = ["--issuer=http://sekisho.test"];

        let (one, other) = thread::scope(|scope| {
            let both = [(); 2].map(|()| scope.spawn(|| home.serve_with(&issuer)));
            let [one, other] = both.map(|each| each.join().unwrap());
            (one, other)
        });
        let tokens = one.newcomer("alice");

        assert_eq!(other.me(&tokens).status, 200);
        other.refresh(&tokens.refresh).expect(200);
    }
}
