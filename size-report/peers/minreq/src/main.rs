//! Fetches a URL to stdout with minreq, and no more than that.

use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(url) = std::env::args().nth(1) else {
        eprintln!("usage: minreq-fetch URL");
        return ExitCode::FAILURE;
    };
    match fetch(&url) {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("Failed to fetch {url}: {e}");
            ExitCode::FAILURE
        }
    }
}

fn fetch(url: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut response = minreq::get(url).send_lazy()?;
    if response.status_code >= 400 {
        return Err(format!("the server answered {}", response.status_code).into());
    }
    let mut stdout = io::stdout().lock();
    io::copy(&mut response, &mut stdout)?;
    Ok(stdout.flush()?)
}
