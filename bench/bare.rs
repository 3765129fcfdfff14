//! A bare actix-web server that answers every GET with the bytes of one `/users/me`: the most that
//! actix-web can do on this machine, which all figures are set in relation to.
//!
//! `bare [ADDRESS]`, by default 127.0.0.1:8001.

use std::{io::Write, net::TcpListener};

use actix_web::{App, HttpResponse, HttpServer, http::header, web};

const BODY: &str = r#"{"id":1,"email":"alice@example.com","username":"alice","role":"user","disabled":false,"created_at":"2026-11-22T07:15:00Z"}"#;

fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8001".to_owned());
    let listener = TcpListener::bind(address)?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "listening on http://{}", listener.local_addr()?)?;
    stdout.flush()?;
    actix_web::rt::System::new().block_on(
        HttpServer::new(|| {
            App::new().default_service(web::to(|| async {
                HttpResponse::Ok()
                    .insert_header((header::CACHE_CONTROL, "no-store"))
                    .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
                    .insert_header(("x-request-id", "0123456789abcdef"))
                    .content_type("application/json")
                    .body(BODY)
            }))
        })
        .listen(listener)?
        .run(),
    )
}
