//! The format of the log.

/// The format in which `sekisho serve` writes its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// A line of text for each record: `[TIME LEVEL TARGET] FIELD=VALUE MESSAGE`.
    #[default]
    Text,
    /// A JSON object for each record, one per line, with a member for each field.
    Json,
}
