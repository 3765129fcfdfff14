//! `sekisho serve`

use std::io::Write;

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
        // The one line on standard output; whoever started us waits for it.
        let mut stdout = std::io::stdout();
        writeln!(stdout, "listening on http://{}", application.address())?;
        stdout.flush()?;
        application.run().await?;
        Ok(())
    })
}
