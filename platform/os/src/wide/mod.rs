//! What Windows has of its own: text in units of 16 bits, command lines, paths, lists of proxies. Pure, so that it is tested
//! everywhere.

pub(crate) mod arguments;
pub(crate) mod environment;
pub(crate) mod path;
pub(crate) mod proxies;
pub(crate) mod wtf8;
