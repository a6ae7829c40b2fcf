//! ptex fetches the files that a scie left out.
//!
//! This crate is the program without its machine: `no_std`, no `unsafe`, and all that touches an operating system is
//! behind the `os` crate.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod auth;
pub mod cli;
pub mod connect;
pub mod deliver;
pub mod error;
pub mod fetch;
pub mod ftp;
pub mod http;
pub mod manifest;
pub mod netrc;
pub mod program;
pub mod progress;
pub mod proxy;
pub mod report;
pub mod retry;
pub mod rewrite;
pub mod sink;
pub mod stream;
pub mod text;
pub mod tls;
pub mod url;
