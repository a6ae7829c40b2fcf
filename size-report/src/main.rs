//! `cargo run -p size-report`: what each byte of the released binary is for. README.md says what the columns mean.

mod map;
mod measure;
mod names;
mod pairs;
mod peers;
mod records;
mod report;
mod treemap;

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use package::build::{self, Build};

const USAGE: &str = "\
Tells what each byte of the released ptex is for, and holds it to its budget.

Usage: cargo run -p size-report -- [OPTIONS]

  -t, --target TRIPLE    for this target instead of this machine; may be repeated
  -a, --all              for each of the released files, on a machine that can build them
      --check            one line per target, and more only if it is over its budget
      --markdown         the tables for the README instead of the report
      --svg FILE         a treemap of the first target as well
      --peers            the size of what else would do the job as well
      --pairs            find the pairs of bytes that pack the texts best, and keep them
      --baseline write   record these sizes in size-report/baseline.json
      --cargo PROGRAM    build with this cargo what the installed targets do not cover
      --cargo-arg ARG    one more argument for it; may be repeated
  -h, --help             this text

The status is 1 if a file is over its budget (size-report/budget.json).
";

/// What the command line asks for.
#[derive(Default)]
struct Options {
    help: bool,
    targets: Vec<String>,
    all: bool,
    check: bool,
    markdown: bool,
    svg: Option<PathBuf>,
    peers: bool,
    pairs: bool,
    write_baseline: bool,
    cargo: Option<OsString>,
    cargo_args: Vec<OsString>,
}

fn main() -> ExitCode {
    let result = match parse(lexopt::Parser::from_env()) {
        Ok(options) => run(&options),
        Err(e) => Err(format!("{e} (--help tells more)")),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(line) => {
            eprintln!("size-report: {line}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut parser: lexopt::Parser) -> Result<Options, lexopt::Error> {
    use lexopt::prelude::*;
    let mut options = Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => options.help = true,
            Short('t') | Long("target") => options.targets.push(parser.value()?.string()?),
            Short('a') | Long("all") => options.all = true,
            Long("check") => options.check = true,
            Long("markdown") => options.markdown = true,
            Long("svg") => options.svg = Some(parser.value()?.into()),
            Long("peers") => options.peers = true,
            Long("pairs") => options.pairs = true,
            Long("baseline") => match parser.value()?.string()?.as_str() {
                "write" => options.write_baseline = true,
                other => return Err(format!("--baseline takes `write`, not `{other}`").into()),
            },
            Long("cargo") => options.cargo = Some(parser.value()?),
            Long("cargo-arg") => options.cargo_args.push(parser.value()?),
            other => return Err(other.unexpected()),
        }
    }
    Ok(options)
}

/// Does it, and tells whether every file is within its budget.
fn run(options: &Options) -> Result<bool, String> {
    if options.help {
        print!("{USAGE}");
        return Ok(true);
    }
    if options.pairs {
        pairs::write()?;
        return Ok(true);
    }
    let host = build::host()?;
    let mut targets = options.targets.clone();
    if options.all {
        let (all, _) = package::installed(&|_| true);
        targets.extend(all.into_iter().map(str::to_owned));
    }
    if targets.is_empty() {
        targets.push(host.clone());
    }
    // What nobody will look at need not be built.
    let whole = !options.check || options.svg.is_some() || options.write_baseline;
    let baseline = records::baseline()?;
    let mut measured = Vec::new();
    for target in &targets {
        let budget = records::budget(target)?;
        let build = Build::with(target, options.cargo.as_ref(), &options.cargo_args);
        let mut one = measure::measure(&build, whole)?;
        if !whole && report::over(&one, budget) {
            one = measure::measure(&build, true)?;
        }
        measured.push((one, budget));
    }
    let peers = if options.peers {
        peers::measure(&host)?
    } else {
        Vec::new()
    };

    if options.markdown {
        print!("{}", report::markdown(&measured, &peers));
    } else {
        for (one, budget) in &measured {
            let text = report::text(one, *budget, baseline.get(&one.target));
            if options.check {
                println!("{}", text.lines().next().unwrap_or_default());
            } else {
                println!("{text}");
            }
        }
        if let (Some((first, _)), false) = (measured.first(), peers.is_empty()) {
            println!("{}", report::peers(&peers, first.file));
        }
    }
    if let (Some(file), Some((first, budget))) = (&options.svg, measured.first()) {
        fs::write(file, treemap::svg(first, budget.at_last))
            .map_err(|e| format!("could not write {}: {e}", file.display()))?;
    }

    let mut within = true;
    for (one, budget) in &measured {
        if report::over(one, *budget) {
            within = false;
            eprintln!(
                "size-report: {} is {} bytes over its budget of {}",
                one.target,
                report::thousands(one.file - budget.now),
                report::thousands(budget.now)
            );
            eprint!("{}", report::largest(one));
        }
    }
    if options.write_baseline {
        let measured: Vec<_> = measured.into_iter().map(|(one, _)| one).collect();
        records::write_baseline(&measured)?;
    }
    Ok(within)
}
