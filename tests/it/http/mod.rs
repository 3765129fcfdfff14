//! HTTP by a real socket.

mod smoke;
