//! Entry: the platform starts, the library runs, the process ends with its status.

#![no_std]
#![no_main]

start::entry!(run);

fn run() -> i32 {
    for a in os::env::args() {
        let _ = os::file::write_stdout(a);
    }
    if let Some(v) = os::env::var("HOME") {
        let _ = os::file::write_stdout(v);
    }
    0
}
