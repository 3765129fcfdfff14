//! `sekisho serve`

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use super::CommandError;
use crate::{
    app::{Application, InheritedSocket, Overrides, Severity, find_dangers},
    config::Config,
};

/// The log target of dangerous settings.
const DANGERS: &str = "sekisho::dangers";

pub(super) fn serve(mut config: Config) -> Result<(), CommandError> {
    let socket = InheritedSocket::take()?;
    if let Some(socket) = &socket {
        config.server.listen = socket.address();
        log::info!("{} is the service manager's socket, so --listen is ignored", config.server.listen);
    }
    let dangers = find_dangers(&config);
    actix::System::new().block_on(async {
        let application = Application::build_on(socket, config, Overrides::default()).await?;
        for danger in dangers {
            match danger.severity {
                Severity::Danger => log::warn!(target: DANGERS, "{danger}"),
                Severity::Hint => log::info!(target: DANGERS, "{danger}"),
            }
        }
        if let Some(address) = application.metrics_address() {
            log::info!("metrics on http://{address}/metrics");
        }
        if let Err(error) = announce(application.address()) {
            application.sekisho().close().await?;
            return Err(error.into());
        }
        application.run().await?;
        Ok(())
    })
}

/// Prints the one line on standard output, for which the starting program waits.
fn announce(address: SocketAddr) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on http://{address}")?;
    stdout.flush()
}
