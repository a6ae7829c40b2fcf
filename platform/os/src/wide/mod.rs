//! What Windows says in units of 16 bits: its text, command lines and paths. Pure, so that it is tested everywhere.

pub(crate) mod arguments;
pub(crate) mod environment;
pub(crate) mod path;
pub(crate) mod wtf8;
