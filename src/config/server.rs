//! The HTTP server: its addresses, its threads, and which origins and proxies it trusts.

use std::{
    net::SocketAddr,
    num::{NonZeroU16, NonZeroUsize},
};

use clap::{ArgAction, Args};
use ipnet::IpNet;

use super::addresses::{parse_network, parse_origin};

/// The flags of the HTTP server.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// The address to listen on; port 0 takes any free port
    #[arg(long, env = "SEKISHO_LISTEN", default_value = "127.0.0.1:8000", value_name = "ADDRESS")]
    pub listen: SocketAddr,

    /// Threads that serve HTTP [default: the number of cores]
    #[arg(long, env = "SEKISHO_WORKERS", value_name = "N")]
    pub workers: Option<NonZeroU16>,

    /// Whether /docs, /openapi.json and / are served: on or off
    #[arg(long, env = "SEKISHO_DOCS", default_value = "on", value_parser = parse_switch, action = ArgAction::Set, value_name = "SWITCH")]
    pub docs: bool,

    /// An origin whose pages may call the API, such as `https://app.example.com` (repeatable; commas in the variable)
    #[arg(long = "cors-origin", env = "SEKISHO_CORS_ORIGIN", value_parser = parse_origin, value_delimiter = ',', value_name = "ORIGIN")]
    pub cors_origins: Vec<String>,

    /// An address or network whose Forwarded and X-Forwarded-For headers are believed (repeatable; commas in the variable)
    #[arg(long = "trusted-proxy", env = "SEKISHO_TRUSTED_PROXY", value_parser = parse_network, value_delimiter = ',', value_name = "NETWORK")]
    pub trusted_proxies: Vec<IpNet>,

    /// The address on which to serve Prometheus metrics, apart from the API
    #[arg(long, env = "SEKISHO_METRICS_LISTEN", value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,

    /// The format of the log: text, or json for one JSON object per line
    #[arg(
        long,
        env = "SEKISHO_LOG_FORMAT",
        default_value_t,
        value_enum,
        hide_possible_values = true,
        value_name = "FORMAT"
    )]
    pub log_format: LogFormat,
}

impl ServerArgs {
    /// The number of threads that serve HTTP.
    #[must_use]
    pub fn worker_count(&self) -> usize {
        self.workers.map_or_else(|| cores().get(), |workers| usize::from(workers.get()))
    }
}

/// The format in which `sekisho serve` writes its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// A line of text for each record: `[TIME LEVEL TARGET] FIELD=VALUE MESSAGE`.
    #[default]
    Text,
    /// A JSON object for each record, one per line, with a member for each field.
    Json,
}

/// The number of cores that this process may use.
#[must_use]
pub fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

fn parse_switch(text: &str) -> Result<bool, &'static str> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("expected on or off"),
    }
}
