//! A server that is killed between its commit and its answer's arrival.

use crate::support::{home, number, open, wait_until};

#[test]
fn a_refresh_whose_server_died_after_the_commit_is_tried_again_and_goes_on() {
    let issuer = "--issuer=http://sekisho.test";
    let home = home();
    let mut server = home.serve_with(&[issuer]);
    let mut tokens = server.newcomer("alice");
    for _ in 0..10 {
        let replaced = || number(&open(&home.database()), "SELECT length(replaced) FROM sessions");
        let before = replaced();
        let mut client = server.connect();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let body = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh);
        client.send("POST", "/token", &headers, &body).unwrap();
        // The client does not read the answer, whether it was sent or not.
        wait_until("it is committed", || replaced() > before);
        server.kill();
        drop(client);

        server = home.serve_with(&[issuer, "--refresh-grace-seconds=300"]);
        let again = server.refresh(&tokens.refresh).tokens();

        assert_ne!(again.refresh, tokens.refresh);
        server.me(&again).expect(200);
        assert_eq!(
            number(&open(&home.database()), "SELECT count(*) FROM sessions WHERE ended_at IS NULL"),
            1
        );
        tokens = again;
    }
}
