//! `sekisho serve`

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use super::Failed;
use crate::{
    app::{Application, Surroundings},
    config::Config,
};

pub(super) fn serve(config: Config) -> Result<(), Failed> {
    actix::System::new().block_on(async {
        let application = Application::build(config, Surroundings::default()).await?;
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

/// Prints the one line on standard output; whoever started us waits for it.
fn announce(address: SocketAddr) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on http://{address}")?;
    stdout.flush()
}
