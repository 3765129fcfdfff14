//! `sekisho users` and `sekisho sessions`, beside a running server and without one.

use serde_json::json;

use crate::support::{PASSWORD, home};

const NEW_PASSWORD: &str = "another horse battery";

#[test]
fn the_first_admin_is_made_before_there_is_a_server() {
    let home = home();
    let add = ["users", "add", "root", "--email=root@example.com", "--role=admin", "--password-stdin"];

    let said = home.run_with_input(&add, &format!("{PASSWORD}\n")).ok();
    let server = home.serve();
    let tokens = server.log_in_as_admin("root");

    assert_eq!(said, "added admin root with id 1\n");
    let list = server.as_user(&tokens.access, "GET", "/users").expect(200).json();
    assert_eq!(list["items"][0]["username"], "root");
}

#[test]
fn a_lost_admin_password_is_set_anew_beside_the_running_server() {
    let home = home();
    home.add_user("root", "admin");
    let server = home.serve();
    let before = server.log_in("root");

    let said =
        home.run_with_input(&["users", "set-password", "ROOT@example.com", "--password-stdin"], NEW_PASSWORD);

    assert_eq!(said.ok(), "set the password of root and ended their sessions\n");
    assert_eq!(server.me(&before).status, 401);
    assert_eq!(server.refresh(&before.refresh).status, 401);
    assert_eq!(server.try_log_in("root", PASSWORD).code(), "invalid_grant");
    server.try_log_in("root", NEW_PASSWORD).expect(200);
}

#[test]
fn a_password_is_the_first_line_of_input_to_its_last_space() {
    for (input, password) in [
        ("with a newline\n", "with a newline"),
        ("from Windows\r\n", "from Windows"),
        ("no line end", "no line end"),
        (" spaces around \n", " spaces around "),
        ("pässwörd \u{1F511}\n", "pässwörd \u{1F511}"),
    ] {
        let home = home();
        let add = ["users", "add", "alice", "--email=alice@example.com", "--password-stdin"];

        home.run_with_input(&add, input).ok();

        home.serve().try_log_in("alice", password).expect(200);
    }
}

#[test]
fn a_password_is_never_asked_for_where_nobody_can_answer() {
    let home = home();
    home.add_user("bob", "user");
    for arguments in
        [&["users", "add", "alice", "--email=alice@example.com"][..], &["users", "set-password", "bob"]]
    {
        // Without a new terminal session the program would prompt on the terminal that runs the tests.
        let mut command = std::process::Command::new("setsid");
        let inner = home.command(arguments);
        command.arg("--wait").arg(inner.get_program()).args(inner.get_args());
        command.current_dir(home.path(""));

        let line = crate::support::finish(&mut command, "").refused(1);

        assert!(line.contains("--password-stdin"), "{line}");
    }
}

#[test]
fn who_cannot_be_added_is_told_why_and_nothing_is_made() {
    let home = home();
    home.add_user("alice", "user");
    for (username, email, password, expected) in [
        ("bob", "bob@example.com", "short", "at least 8 characters"),
        ("bob", "bob@example.com", "", "at least 8 characters"),
        ("bobby-tables", "bob@example.com", "Bobby-Tables", "differ from the username"),
        ("bob", "bob@example.com", "bob@EXAMPLE.com", "differ from the username and the email"),
        ("bob", "bob@example.com", "Password123", "not be one of the most common"),
        ("bob", "bob", PASSWORD, "not a valid email address"),
        ("b b", "bob@example.com", PASSWORD, "letters, digits"),
        ("ALICE", "bob@example.com", PASSWORD, "a user with this username already exists"),
        ("bob", "Alice@Example.com", PASSWORD, "a user with this email already exists"),
    ] {
        let add = ["users", "add", username, "--email", email, "--password-stdin"];

        let line = home.run_with_input(&add, password).refused(1);

        assert!(line.contains(expected), "{username} {email}: {line}");
        assert!(password.is_empty() || username.len() > 3 || !line.contains(password), "{line}");
    }
    assert_eq!(home.run(&["users", "list", "--json"]).json().as_array().unwrap().len(), 1);
    let role = ["users", "add", "bob", "--email=b@example.com", "--role=king", "--password-stdin"];
    home.run_with_input(&role, PASSWORD).refused(2);
}

#[test]
fn users_are_listed_and_shown_for_people_and_programs() {
    let home = home();
    for name in ["alice", "alan", "bob"] {
        home.add_user(name, "user");
    }
    let _server = home.serve();

    let all = home.run(&["users", "list", "--json"]).json();
    let some = home.run(&["users", "list", "--json", "--prefix=AL"]).json();
    let table = home.run(&["users", "list"]).ok();
    let one = home.run(&["users", "show", "Bob@Example.com", "--json"]).json();

    let names = |list: &serde_json::Value| -> Vec<String> {
        let users = list.as_array().unwrap().iter();
        users.map(|user| user["username"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&all), ["alice", "alan", "bob"]);
    assert_eq!(names(&some), ["alan", "alice"]);
    assert_eq!(table.lines().count(), 4);
    assert!(table.starts_with("id  username  email"), "{table}");
    let mut user = one[0].clone();
    assert!(user["created_at"].as_str().unwrap().ends_with('Z'), "{user}");
    user["created_at"] = json!(null);
    assert_eq!(
        user,
        json!({"id": 3, "username": "bob", "email": "bob@example.com", "role": "user", "disabled": false,
               "created_at": null})
    );
    assert!(!table.contains("$2") && !all.to_string().contains("$2"));
}

#[test]
fn what_a_command_changes_holds_at_the_running_server_at_once() {
    let home = home();
    home.add_user("root", "admin");
    let server = home.serve();
    let alice = server.newcomer("alice");
    let admin_only = |token: &str| server.as_user(token, "GET", "/users").status;

    assert_eq!(home.run(&["users", "set-role", "alice", "admin"]).ok(), "alice is admin and enabled\n");
    let as_admin = server.log_in_as_admin("alice");
    assert_eq!(admin_only(&as_admin.access), 200);
    home.run(&["users", "set-role", "alice", "user"]).ok();
    assert_eq!(admin_only(&as_admin.access), 403);

    assert_eq!(home.run(&["users", "disable", "alice"]).ok(), "alice is user and disabled\n");
    assert_eq!(server.me(&alice).status, 401);
    assert_eq!(server.try_log_in("alice", PASSWORD).code(), "account_disabled");
    assert_eq!(home.run(&["users", "enable", "alice"]).ok(), "alice is user and enabled\n");
    assert_eq!(server.me(&alice).status, 401, "what was ended stays ended");
    let alice = server.log_in("alice");

    assert_eq!(home.run(&["users", "delete", "alice"]).ok(), "deleted alice\n");
    assert_eq!(server.me(&alice).status, 401);
    assert_eq!(server.register("alice").expect(409).code(), "username_taken");
    for command in [&["users", "show", "alice"][..], &["users", "delete", "alice"]] {
        assert!(home.run(command).refused(1).contains("there is no user alice"));
    }
}

#[test]
fn the_last_admin_stays() {
    let home = home();
    home.add_user("root", "admin");
    let commands = [
        &["users", "set-role", "root", "user"][..],
        &["users", "disable", "root"],
        &["users", "delete", "root"],
    ];
    for command in commands {
        assert!(home.run(command).refused(1).contains("the last admin"), "{command:?}");
    }

    home.add_user("other", "admin");
    home.run(commands[0]).ok();

    assert_eq!(home.run(&["users", "show", "root", "--json"]).json()[0]["role"], "user");
    assert!(home.run(&["users", "delete", "other"]).refused(1).contains("the last admin"));
}

#[test]
fn sessions_are_listed_and_revoked_beside_the_server() {
    let home = home();
    let server = home.serve();
    let (first, second) = (server.newcomer("alice"), server.log_in("alice"));
    let third = server.log_in("alice");
    server.newcomer("bob");

    let list = home.run(&["sessions", "list", "alice", "--json"]).json();
    let said = home.run(&["sessions", "revoke", "1"]).ok();
    let after_one = [&first, &second, &third].map(|tokens| server.me(tokens).status);
    let again = home.run(&["sessions", "revoke", "1"]).refused(1);
    let all = home.run(&["sessions", "revoke", "--user", "alice"]).ok();
    let after_all = [&first, &second, &third].map(|tokens| server.me(tokens).status);
    let ended = home.run(&["sessions", "list", "alice", "--json"]).json();

    assert_eq!(list.as_array().unwrap().len(), 3);
    assert_eq!((&list[0]["ip"], &list[0]["end_reason"]), (&json!("127.0.0.1"), &json!(null)));
    assert_eq!(said, "ended 1 session\n");
    assert_eq!(after_one, [401, 200, 200]);
    assert!(again.contains("there is no live session 1"), "{again}");
    assert_eq!(all, "ended 2 sessions\n");
    assert_eq!(after_all, [401, 401, 401]);
    assert_eq!(server.refresh(&second.refresh).status, 401);
    for session in ended.as_array().unwrap() {
        assert_eq!(session["end_reason"], "revoked_by_admin", "{session}");
    }
    for arguments in [&["sessions", "revoke"][..], &["sessions", "revoke", "1", "--user", "alice"]] {
        home.run(arguments).refused(2);
    }
}

#[test]
fn the_openapi_document_is_printed() {
    let home = home();

    let document = home.run(&["openapi"]).json();

    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(document, home.serve().get("/openapi.json").expect(200).json());
}
