//! Use cases and the database, by messages alone.

mod smoke;
