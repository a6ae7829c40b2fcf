//! TLS: who may be trusted, and the sessions.

pub mod sig;
