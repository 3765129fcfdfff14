//! HTTP by a real socket.
//!
//! Every answer that [`crate::support::TestApp`] reads is also checked against what all answers promise: see
//! [`crate::support::contract`].

mod access_tokens;
mod administration;
mod arbitrary_requests;
mod content;
mod docs_page;
mod faults;
mod framing;
mod keys;
mod last_admin;
mod login;
mod metrics;
mod openapi;
mod origins;
mod overload;
mod own_account;
mod paging;
mod properties;
mod refresh;
mod registration;
mod revocation;
mod routes;
mod sessions;
mod slow_clients;
mod smoke;
mod throttling;
