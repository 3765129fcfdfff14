//! `sekisho healthcheck`: whether a server is ready, asked by the binary itself.

use std::net::TcpListener;

use crate::support::{Server, home};

#[test]
fn a_ready_server_is_found_at_its_address_and_where_it_listens_on_all() {
    let home = home();
    let server = Server::start(home.command(&["serve", "--listen", "0.0.0.0:0"]));
    let port = server.address.port();

    for listen in [format!("127.0.0.1:{port}"), format!("0.0.0.0:{port}"), format!("localhost:{port}")] {
        assert_eq!(home.run(&["healthcheck", "--listen", &listen]).ok(), "ready\n");
    }
}

#[test]
fn what_is_no_ready_server_is_an_error_in_one_line() {
    let home = home();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();

    let nobody = home.run(&["healthcheck", "--listen", &free]).refused(1);
    let nowhere = home.run(&["healthcheck", "--listen", "nowhere"]).refused(1);

    assert!(nobody.contains("/readyz does not answer"), "{nobody}");
    assert!(nowhere.contains("--listen nowhere"), "{nowhere}");
}
