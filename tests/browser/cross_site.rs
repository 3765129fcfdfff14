//! What a page of another site can make a browser send.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
};

use test_server::PASSWORD;

use super::visit::{Visit, until, visit};

/// A page that sends the right name and password in a form as soon as it is loaded.
fn page(visit: &Visit) -> String {
    format!(
        "<!DOCTYPE html><form method=post action='{}/token'><input name=username value=alice>\
         <input name=password value='{PASSWORD}'></form><script>document.forms[0].submit()</script>",
        visit.server.url()
    )
}

/// Answers every request with a page while the tests run.
fn serve(page: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    );
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // A browser also opens connections that it does not use.
            let answer = answer.clone();
            std::thread::spawn(move || {
                let mut stream = stream?;
                if stream.read(&mut [0; 4096])? > 0 {
                    stream.write_all(answer.as_bytes())?;
                }
                std::io::Result::Ok(())
            });
        }
    });
    address
}

/// What the browser shows after the form was answered.
async fn answer_to_the_form(visit: &Visit, page: &str) -> String {
    visit.browser.goto(page).await.unwrap();
    until("the answer to the form", async || {
        // Between two pages no script can run.
        let script = "return document.contentType === 'application/json' && document.body.innerText";
        let text = visit.browser.execute(script, Vec::new()).await.ok()?;
        text.as_str().map(str::to_owned)
    })
    .await
}

#[actix::test]
async fn a_form_that_another_sites_page_sends_logs_nobody_in() {
    visit(async |visit| {
        visit.server.register("alice").expect(201);
        let elsewhere = serve(&page(visit));

        for (whose, address) in [
            ("another site's", format!("http://localhost:{}/", elsewhere.port())),
            ("another port's", format!("http://{elsewhere}/")),
            ("nobody's", format!("data:text/html,{}", page(visit))),
        ] {
            let shown = answer_to_the_form(visit, &address).await;

            assert!(shown.contains("cross_site_request"), "{whose}: {shown}");
        }
    })
    .await;
}
