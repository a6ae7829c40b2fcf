//! Entry: the platform starts, the library runs, the process ends with its status.

#![no_std]
#![no_main]

start::entry!(ptex::program::run);
