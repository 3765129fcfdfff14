//! Flags, environment and `.env`: their precedence, and the errors for wrong values.

use std::{
    fs::{Permissions, set_permissions},
    os::unix::{
        fs::{PermissionsExt, chown, symlink},
        process::CommandExt,
    },
    path::Path,
};

use crate::support::{Server, finish, home};

/// Flags of `serve` that have a rule for their values, their variables, and values that break it.
const WRONG: [(&str, &str, &str); 23] = [
    ("--listen", "SEKISHO_LISTEN", "nowhere"),
    ("--database", "DATABASE_URL", "postgres://localhost/x"),
    ("--encryption-key-file", "SEKISHO_ENCRYPTION_KEY_FILE", "/nowhere/key"),
    ("--bcrypt-cost", "SEKISHO_BCRYPT_COST", "3"),
    ("--password-min-length", "SEKISHO_PASSWORD_MIN_LENGTH", "0"),
    ("--issuer", "SEKISHO_ISSUER", "example.com"),
    ("--audience", "SEKISHO_AUDIENCE", "two words"),
    ("--algorithm", "SEKISHO_ALGORITHM", "none"),
    ("--registration", "SEKISHO_REGISTRATION", "shut"),
    ("--secret-key", "SEKISHO_SECRET_KEY", "too-short-to-be-secret"),
    ("--secret-key-file", "SEKISHO_SECRET_KEY_FILE", "/nowhere/key"),
    ("--access-token-minutes", "SEKISHO_ACCESS_TOKEN_MINUTES", "0"),
    ("--refresh-token-days", "SEKISHO_REFRESH_TOKEN_DAYS", "-1"),
    ("--session-max-days", "SEKISHO_SESSION_MAX_DAYS", "3651"),
    ("--refresh-grace-seconds", "SEKISHO_REFRESH_GRACE_SECONDS", "301"),
    ("--key-rotation-days", "SEKISHO_KEY_ROTATION_DAYS", "often"),
    ("--max-login-wait-seconds", "SEKISHO_MAX_LOGIN_WAIT_SECONDS", "0"),
    ("--workers", "SEKISHO_WORKERS", "0"),
    ("--docs", "SEKISHO_DOCS", "maybe"),
    ("--cors-origin", "SEKISHO_CORS_ORIGIN", "https://app.example.com/app"),
    ("--trusted-proxy", "SEKISHO_TRUSTED_PROXY", "10.0.0.0/33"),
    ("--metrics-listen", "SEKISHO_METRICS_LISTEN", "9090"),
    ("--log-format", "SEKISHO_LOG_FORMAT", "xml"),
];

const SECRET: &str = "Yb0tT9cH4v7mKqz1R2uE5xWgLd8sAfPjN6yZoXiVhCQ";

fn issuer(server: &Server) -> String {
    let metadata = server.get("/.well-known/oauth-authorization-server").expect(200).json();
    metadata["issuer"].as_str().unwrap().to_owned()
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_dotenv() {
    let home = home();
    let start = |arguments: &[&str], variable: Option<&str>| {
        let mut command = home.command(&[&["--listen", "127.0.0.1:0"], arguments].concat());
        command.envs(variable.map(|value| ("SEKISHO_ISSUER", value)));
        Server::start(command)
    };

    let told_nothing = start(&[], None);
    home.write(".env", "SEKISHO_ISSUER=https://dotenv.example\n");
    let dotenv = start(&[], None);
    let environment = start(&[], Some("https://environment.example"));
    let flag = start(&["--issuer", "https://flag.example"], Some("https://environment.example"));

    assert_eq!(issuer(&told_nothing), format!("http://{}", told_nothing.address));
    assert_eq!(issuer(&dotenv), "https://dotenv.example");
    assert_eq!(issuer(&environment), "https://environment.example");
    assert_eq!(issuer(&flag), "https://flag.example");
}

#[test]
fn the_other_commands_read_the_same_sources() {
    let home = home();
    home.write(".env", "DATABASE_URL=sqlite:///from-dotenv.db\nSEKISHO_PASSWORD_MIN_LENGTH=30\n");
    let add = ["users", "add", "alice", "--email", "alice@example.com", "--password-stdin"];

    let refused = home.run_with_input(&add, "only twenty characters").refused(1);
    home.run_with_input(&[&add[..], &["--password-min-length", "8"]].concat(), "long enough").ok();

    assert!(refused.contains("at least 30 characters"), "{refused}");
    assert_eq!(home.files(), [".env", "from-dotenv.db"]);
}

#[test]
fn a_wrong_flag_is_one_line_that_names_it_and_its_variable() {
    for (flag, variable, value) in WRONG {
        let home = home();
        let algorithm = if flag == "--secret-key" { "HS256" } else { "ES256" };
        let mut command = home.bare(&["serve", &format!("{flag}={value}")]);
        if flag != "--algorithm" {
            command.env("SEKISHO_ALGORITHM", algorithm);
        }

        let line = finish(&mut command, "").refused(2);

        assert!(line.contains(flag) && line.contains(variable), "{flag}={value}: {line}");
        assert_eq!(home.files(), [""; 0], "{flag}={value}");
    }
}

#[test]
fn a_wrong_variable_is_one_line_that_names_it_and_its_flag() {
    for (flag, variable, value) in WRONG {
        for in_dotenv in [false, true] {
            let home = home();
            let mut command = home.bare(&[]);
            command.env("RUST_LOG", "warn");
            command.env_remove(variable);
            if flag == "--secret-key" {
                command.env("SEKISHO_ALGORITHM", "HS256");
            }
            if in_dotenv {
                home.write(".env", format!("{variable}='{value}'\n"));
            } else {
                command.env(variable, value);
            }

            let line = finish(&mut command, "").refused(2);

            assert!(line.contains(flag) && line.contains(variable), "{variable}={value}: {line}");
        }
    }
}

#[test]
fn an_empty_value_is_one_line_that_names_every_flag_and_its_variable() {
    let help = home().run(&["serve", "--help"]).ok();
    let settings = help.lines().filter_map(|line| {
        let flag = line.trim_start().strip_prefix("--")?.split([' ', '=']).next()?;
        let variable = line.split_once("[env: ")?.1.split(['=', ']']).next()?;
        Some((format!("--{flag}"), variable))
    });

    let settings: Vec<_> = settings.collect();

    assert!(settings.len() > 20, "{settings:?}");
    for (flag, variable) in settings {
        let by_flag = finish(&mut home().bare(&["serve", &format!("{flag}=")]), "").refused(2);
        let by_variable = finish(home().bare(&[]).env(variable, ""), "").refused(2);

        for line in [by_flag, by_variable] {
            assert!(line.contains(&flag) && line.contains(variable), "{flag}: {line}");
        }
    }
}

#[test]
fn what_contradicts_itself_is_refused_without_a_word_of_the_secret() {
    let (secret, short) = (format!("--secret-key={SECRET}"), format!("--secret-key={}", &SECRET[..31]));
    let known = "--secret-key=09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7";
    let (poor, file) = ("--secret-key=Yb0tYb0tYb0tYb0tYb0tYb0tYb0tYb0tYb0t", "--secret-key-file=key");
    for (arguments, expected) in [
        (vec![secret.as_str()], "needs --algorithm HS256"),
        (vec![secret.as_str(), "--algorithm=EdDSA"], "needs --algorithm HS256"),
        (vec![short.as_str(), "--algorithm=HS256"], "has 31 bytes, HS256 needs 32"),
        (vec![known, "--algorithm=HS256"], "published"),
        (vec![poor, "--algorithm=HS256"], "not random"),
        (vec![secret.as_str(), file, "--algorithm=HS256"], "cannot be used with"),
        (vec!["--secret-key-file=missing", "--algorithm=HS256"], "No such file"),
        (vec!["--secret-key-file=.", "--algorithm=HS256"], "Is a directory"),
        (vec!["--secret-key-file=binary", "--algorithm=HS256"], "UTF-8"),
        (vec!["--secret-key-file=short", "--algorithm=HS256"], "has 31 bytes, HS256 needs 32"),
        (vec!["--secret-key-file=open", "--algorithm=HS256"], "can be read by other users (mode 0644)"),
        (vec![file], "needs --algorithm HS256"),
    ] {
        let home = home();
        home.write_secret("key", SECRET);
        home.write_secret("short", &SECRET[..31]);
        home.write_secret("binary", [0xff; 64]);
        home.write("open", SECRET);

        let line = finish(&mut home.bare(&arguments), "").refused(2);

        assert!(line.contains("--secret-key") && line.contains(expected), "{arguments:?}: {line}");
        assert!(!line.contains(&SECRET[..10]), "{line}");
        assert!(!home.database().exists(), "{arguments:?}");
    }
}

#[test]
fn no_service_can_have_the_audience_of_the_administration() {
    let home = home();
    let arguments = ["--issuer=https://a.example", "--audience=https://b.example,https://a.example/admin"];

    let line = finish(&mut home.bare(&arguments), "").refused(2);

    assert!(line.contains("--audience") && line.contains("https://a.example/admin"), "{line}");
    assert!(!home.database().exists());
}

#[test]
fn a_secret_in_the_environment_or_a_file_is_neither_in_the_list_of_processes_nor_in_help() {
    let home = home();
    let key = home.write_secret("key", format!("{SECRET}\n"));
    let arguments = ["--listen", "127.0.0.1:0", "--algorithm", "HS256"];
    let mut by_variable = home.command(&arguments);
    by_variable.env("SEKISHO_SECRET_KEY", SECRET);
    let mut by_file = home.command(&arguments);
    by_file.env("SEKISHO_SECRET_KEY_FILE", key);

    let (by_variable, by_file) = (Server::start(by_variable), Server::start(by_file));
    let tokens = by_variable.newcomer("alice");
    let helps = [&["--help"][..], &["serve", "--help"], &["-h"], &["serve", "-h"]]
        .map(|help| finish(home.bare(help).env("SEKISHO_SECRET_KEY", SECRET), "").ok());

    // The key is the same, with the file's line end cut, as long as the issuer is.
    assert_eq!(by_variable.me(&tokens).status, 200);
    assert_eq!(by_file.kids(), [""; 0]);
    for server in [&by_variable, &by_file] {
        let listed = std::fs::read(format!("/proc/{}/cmdline", server.pid().as_raw_nonzero())).unwrap();
        assert!(!String::from_utf8(listed).unwrap().contains(SECRET));
        assert!(!server.log().contains(SECRET));
    }
    for help in helps {
        assert!(!help.contains(SECRET), "{help}");
    }
}

#[test]
fn a_broken_dotenv_is_one_line_without_its_content() {
    for content in [
        format!("SEKISHO_SECRET_KEY={SECRET} and more\n").into_bytes(),
        format!("SEKISHO_SECRET_KEY='{SECRET}\n").into_bytes(),
        format!("{SECRET}\n").into_bytes(),
        [SECRET.as_bytes(), b"=\xff\xfe\n"].concat(),
    ] {
        let home = home();
        home.write(".env", &content);

        let line = finish(&mut home.bare(&["users", "list"]), "").refused(2);

        assert!(line.starts_with("sekisho: .env: "), "{line}");
        assert!(!line.contains(&SECRET[..8]), "{line}");
    }
}

#[test]
fn without_a_command_it_serves_and_help_and_version_are_no_failures() {
    let home = home();
    let mut command = home.bare(&[]);
    command.env("SEKISHO_LISTEN", "127.0.0.1:0");

    let server = Server::start(command);

    assert_eq!(server.get("/healthz").status, 200);
    assert!(home.database().is_file());
    for arguments in [&["--help"][..], &["--version"], &["serve", "--help"], &["users", "add", "--help"]] {
        assert_ne!(home.run(arguments).ok(), "", "{arguments:?}");
    }
    for arguments in [&["frobnicate"][..], &["--frobnicate"], &["users", "frobnicate"], &["import"]] {
        home.run(arguments).refused(2);
    }
}

/// How a directory is prepared, and why its `.env` is not obeyed then.
type Preparation = (fn(&Path), &'static str);

#[test]
#[cfg_attr(not(feature = "root-tests"), ignore = "it takes root")]
fn a_dotenv_that_another_user_may_have_written_is_not_read_and_the_log_says_so() {
    let set_mode = |path: &Path, mode| set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let preparations: [Preparation; 5] = [
        (|home| set_permissions(home.join(".env"), Permissions::from_mode(0o666)).unwrap(), "(mode 0666)"),
        (
            |home| chown(home.join(".env"), Some(65_534), None).unwrap(),
            "it belongs to another user (uid 65534)",
        ),
        (
            |home| set_permissions(home, Permissions::from_mode(0o777)).unwrap(),
            "its directory can be written",
        ),
        (|home| chown(home, Some(65_534), None).unwrap(), "its directory belongs to another user"),
        (
            |home| {
                std::fs::rename(home.join(".env"), home.join("elsewhere")).unwrap();
                symlink("elsewhere", home.join(".env")).unwrap();
            },
            "it is a symbolic link",
        ),
    ];
    for (prepare, expected) in preparations {
        let home = home();
        home.write(".env", "DATABASE_URL=elsewhere.db\n");
        prepare(&home.path(""));

        let outcome = home.run(&["users", "list"]);

        assert!(outcome.stderr.contains(expected), "{outcome:?}");
        assert!(outcome.stderr.contains("cannot open database sekisho.db"), "{outcome:?}");
    }
    let home = home();
    home.write(".env", "DATABASE_URL=elsewhere.db\n");
    set_mode(&home.path(""), 0o1777);
    assert!(home.run(&["users", "list"]).stderr.contains("elsewhere.db"), "nobody can replace it there");
}

#[test]
#[cfg_attr(not(feature = "root-tests"), ignore = "it takes root")]
fn a_dotenv_of_another_user_that_we_cannot_read_stops_nobody() {
    const US: u32 = 65_534;
    for (owner, code, expected) in [
        (US - 1, 1, "it belongs to another user (uid 65533)"),
        // Root's file is obeyed, so it must be readable.
        (0, 2, "sekisho: .env: Permission denied"),
    ] {
        let home = home();
        home.write(".env", "DATABASE_URL=elsewhere.db\n");
        set_permissions(home.path(".env"), Permissions::from_mode(0o600)).unwrap();
        chown(home.path(".env"), Some(owner), None).unwrap();
        set_permissions(home.path(""), Permissions::from_mode(0o1777)).unwrap();

        let outcome = finish(home.command(&["users", "list"]).uid(US).gid(US), "");

        assert_eq!(outcome.code, Some(code), "{outcome:?}");
        assert!(outcome.stderr.contains(expected), "{outcome:?}");
    }
}

#[test]
fn what_dotenv_gave_is_told_by_name_and_not_by_value() {
    let home = home();
    home.write(
        ".env",
        format!("DATABASE_URL=elsewhere.db\nSEKISHO_SECRET_KEY={SECRET}\nSEKISHO_WORKERS=1\nOTHER=1\n"),
    );
    let mut command = home.bare(&["users", "list"]);
    command.env("SEKISHO_WORKERS", "2");

    let outcome = finish(&mut command, "");

    let path = home.path(".env").canonicalize().unwrap();
    let told = format!("read {}: DATABASE_URL, SEKISHO_SECRET_KEY\n", path.display());
    assert!(outcome.stderr.contains(&told), "{outcome:?}");
    assert!(!outcome.stderr.contains(&SECRET[..8]), "{outcome:?}");
}
