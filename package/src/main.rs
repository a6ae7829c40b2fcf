//! `cargo run -p package [-- --target T | --all] [DEST]`: the released files, their checksums and the manual page.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use package::build::{self, Build};
use package::{TARGETS, file_name, write};

const USAGE: &str = "\
Builds ptex as it is released and writes it to a folder, with its checksum and the
manual page beside it.

Usage: cargo run -p package -- [OPTIONS] [DEST]

  DEST                  the folder (default: dist in the workspace)
  -t, --target TRIPLE   for this target instead of this machine; may be repeated
  -a, --all             for every system whose target is installed (with --cargo: for all)
      --cargo PROGRAM   build with this cargo what the installed targets do not cover
      --cargo-arg ARG   one more argument for it; may be repeated
  -l, --list            the targets and the names of their files
  -h, --help            this text
";

/// What the command line asks for.
enum Command {
    Help,
    List,
    Package {
        targets: Vec<String>,
        all: bool,
        cargo: Option<OsString>,
        cargo_args: Vec<OsString>,
        dest: PathBuf,
    },
}

fn main() -> ExitCode {
    let result = match parse(lexopt::Parser::from_env()) {
        Ok(command) => run(command),
        Err(e) => Err(format!("{e} (--help tells more)")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => {
            eprintln!("package: {line}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    use lexopt::prelude::*;
    let mut targets = Vec::new();
    let mut all = false;
    let mut cargo = None;
    let mut cargo_args = Vec::new();
    let mut dest: Option<PathBuf> = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('l') | Long("list") => return Ok(Command::List),
            Short('t') | Long("target") => targets.push(parser.value()?.string()?),
            Short('a') | Long("all") => all = true,
            Long("cargo") => cargo = Some(parser.value()?),
            Long("cargo-arg") => cargo_args.push(parser.value()?),
            Value(value) if dest.is_none() => dest = Some(value.into()),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Package {
        targets,
        all,
        cargo,
        cargo_args,
        dest: dest.unwrap_or_else(|| build::workspace().join("dist")),
    })
}

fn run(command: Command) -> Result<(), String> {
    let (mut targets, all, cargo, cargo_args, dest) = match command {
        Command::Help => {
            print!("{USAGE}");
            return Ok(());
        }
        Command::List => {
            for (target, name) in TARGETS {
                println!("{target:32} {name}");
            }
            return Ok(());
        }
        Command::Package {
            targets,
            all,
            cargo,
            cargo_args,
            dest,
        } => (targets, all, cargo, cargo_args, dest),
    };
    if all {
        // What another compiler can build is for whoever names it to know.
        let (installed, missing) =
            package::installed(&|target| cargo.is_some() || build::is_installed(target));
        for name in missing {
            eprintln!(
                "package: no target for {name} is installed (`rustup target add` one that --list names)"
            );
        }
        targets.extend(installed.into_iter().map(str::to_owned));
    }
    if targets.is_empty() {
        targets.push(build::host()?);
    }
    // All names are looked up first: a mistyped target should not be found out after minutes of building.
    let named = targets
        .iter()
        .map(|target| match file_name(target) {
            Some(name) => Ok((target, name)),
            None => Err(format!(
                "{target} is not a target that is released (--list names them)"
            )),
        })
        .collect::<Result<Vec<_>, _>>()?;
    for (target, name) in named {
        let binary = Build::with(target, cargo.as_ref(), &cargo_args).run()?;
        let written = write::release(&binary, &dest, name)
            .map_err(|e| format!("could not write {name} to {}: {e}", dest.display()))?;
        println!(
            "{}  {} bytes  sha256 {}",
            written.path.display(),
            written.size,
            written.sha256
        );
    }
    write::manual(&dest).map_err(|e| format!("could not write ptex.1 to {}: {e}", dest.display()))
}
