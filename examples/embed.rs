//! Sekisho inside an actix-web application: its routes beside the application's own, and
//! extractors that say who the caller is.
//!
//! `cargo run --example embed [ADDRESS]`, by default 127.0.0.1:8000; Ctrl-C ends it.

use std::{error::Error, net::TcpListener};

use actix_web::{App, HttpServer, Responder, web};
use sekisho::{
    app::{Overrides, Sekisho},
    config::{Config, Database},
    http::{CurrentAdmin, CurrentUser, Observe},
};

/// A route of the application. Without a valid token it is not called: the extractor answers 401.
async fn greeting(CurrentUser(caller): CurrentUser) -> impl Responder {
    format!("Hello, {}!\n", caller.user.username.as_str())
}

/// A route for administrators whose token has the scope `admin`; other users get 403.
async fn report(CurrentAdmin(caller): CurrentAdmin) -> impl Responder {
    format!("All is well, {}.\n", caller.user.username.as_str())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    let listener = TcpListener::bind(address)?;
    let url = format!("http://{}", listener.local_addr()?);

    let mut config = Config::default();
    // A real application names a file; this example leaves nothing behind.
    config.database.location = Database::Memory;
    let sekisho = Sekisho::start(config, &url, Overrides::default()).await?;

    let for_workers = sekisho.clone();
    let server = HttpServer::new(move || {
        App::new()
            // Request ids, `no-store`, the access log and the metrics, for the application's routes too.
            .wrap(Observe)
            // The first route declared for a path wins; Sekisho's own `/` leads to its `/docs`.
            .route("/", web::get().to(|| async { "The application's own front page.\n" }))
            .route("/greeting", web::get().to(greeting))
            .route("/report", web::get().to(report))
            .configure(|config| for_workers.configure(config))
    })
    .listen(listener)?
    .run();
    println!("listening on {url}");
    server.await?;

    // actix-web has answered the requests in progress; now the database can be closed.
    sekisho.close().await?;
    println!("the database is closed");
    Ok(())
}
