//! Fetches the same files with the released ptex, with curl and with a fetcher on minreq, by turns, and prints what each
//! took: processor time, time by the clock, system calls, memory.
//!
//! Processor time is what is compared: it is that of the program and of the kernel on its behalf, and hardly depends on
//! what else the machine does. Nothing is held against the clock.

mod child;
mod programs;
mod servers;

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use bench::{Line, bytes, measure_within, median, parse_bytes};
use child::{Call, Cost, To};
use lexopt::prelude::*;
use programs::Programs;
use servers::{Carrier, Servers};

const USAGE: &str = "\
cargo bench [-- OPTIONS]
  --size N      Bytes of the large file (K, M or G after the number): 1G, or 256M with --quick
  --rounds N    How often each program fetches a large file: 5. Small ones are fetched four times as often
  --quick       Only what something is promised of, and a shorter curve
  --to N        The last size of the curve: 4G, or 256M with --quick
  --check       Exit with 1 if something is above its gate, each of five times that it is measured
  --markdown    Print tables for a document
";

/// Bytes of the small file: a manifest, a checksum, a small package.
const SMALL: u64 = 1 << 10;

/// Bytes of the large manifest.
const MANIFEST: u64 = 64 << 20;

/// Milliseconds of processor time that reading it is to take at most, which is 200 MB/s, and their gate: there is no peer
/// whose time would tell how fast the machine is.
const MANIFEST_PROMISED: f64 = 335.0;
const MANIFEST_GATE: f64 = 670.0;

/// By which part of it the processor time of a size may differ from a straight line.
const CURVE_GATE: f64 = 0.25;

/// What is asked for.
struct Options {
    size: u64,
    rounds: usize,
    quick: bool,
    last: u64,
    check: bool,
    markdown: bool,
}

/// What is promised of a measurement, and its gate: above that, `--check` fails. `size-report/README.md` has both.
#[derive(Clone, Copy)]
enum Limit {
    None,
    /// Milliseconds of processor time.
    Cpu(f64, f64),
    /// Processor time for one of curl's.
    Ratio(f64, f64),
}

impl Limit {
    fn promised(self) -> f64 {
        match self {
            Limit::None => f64::INFINITY,
            Limit::Cpu(promised, _) | Limit::Ratio(promised, _) => promised,
        }
    }

    fn gate(self) -> f64 {
        match self {
            Limit::None => f64::INFINITY,
            Limit::Cpu(_, gate) | Limit::Ratio(_, gate) => gate,
        }
    }
}

/// One thing that all programs do.
struct Case {
    what: String,
    ptex: Call,
    curl: Call,
    minreq: Option<Call>,
    to: To,
    size: u64,
    limit: Limit,
}

/// The medians of each program.
struct Measured {
    ptex: Cost,
    curl: Cost,
    minreq: Option<Cost>,
}

impl Measured {
    fn ratio(&self) -> f64 {
        self.ptex.cpu / self.curl.cpu
    }

    /// What `limit` is about.
    fn judged(&self, limit: Limit) -> f64 {
        match limit {
            Limit::Cpu(..) => self.ptex.cpu,
            Limit::None | Limit::Ratio(..) => self.ratio(),
        }
    }
}

fn main() -> ExitCode {
    match options().and_then(|options| options.map_or(Ok(true), |options| run(&options))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(line) => {
            eprintln!("{line}");
            ExitCode::FAILURE
        }
    }
}

/// `None` if only the usage was asked for.
fn options() -> Result<Option<Options>, String> {
    let mut size = None;
    let mut last = None;
    let mut options = Options {
        size: 0,
        rounds: 5,
        quick: false,
        last: 0,
        check: false,
        markdown: false,
    };
    let mut parser = lexopt::Parser::from_env();
    let wrong = |e: lexopt::Error| format!("{e}\n{USAGE}");
    while let Some(argument) = parser.next().map_err(wrong)? {
        match argument {
            Long("size") => size = Some(number(&mut parser)?),
            Long("to") => last = Some(number(&mut parser)?),
            Long("rounds") => options.rounds = number(&mut parser)? as usize,
            Long("quick") => options.quick = true,
            Long("check") => options.check = true,
            Long("markdown") => options.markdown = true,
            // cargo's own.
            Long("bench") => {}
            Short('h') | Long("help") => {
                print!("{USAGE}");
                return Ok(None);
            }
            other => return Err(wrong(other.unexpected())),
        }
    }
    let large = if options.quick { 256 << 20 } else { 1 << 30 };
    options.size = size.unwrap_or(large);
    options.last = last.unwrap_or(if options.quick { large } else { 4 << 30 });
    Ok(Some(options))
}

/// The value of an option.
fn number(parser: &mut lexopt::Parser) -> Result<u64, String> {
    let value = parser.value().map_err(|e| e.to_string())?;
    let number = value.to_str().and_then(parse_bytes).filter(|n| *n > 0);
    number.ok_or_else(|| format!("{} is not a number of bytes", value.display()))
}

/// Measures and prints everything; false if something is not to be.
fn run(options: &Options) -> Result<bool, String> {
    let folder = package::build::workspace().join("target/bench");
    let servers = Servers::start(&folder)?;
    let trust = servers.trust();
    let trust = trust.as_os_str();
    let programs = Programs::new(trust.as_ref())?;
    println!(
        "ptex {}, {}, server: {}. Medians of {} runs by turns.",
        env!("CARGO_PKG_VERSION"),
        programs.curl_version,
        servers.name,
        options.rounds
    );

    let mut missed = Vec::new();
    let mut again = Vec::new();
    let mut kept = true;
    heading(
        options,
        &[
            "cpu, ms",
            "ptex",
            "curl",
            "minreq",
            "/ curl",
            "/ minreq",
            "at most",
            "wall ptex",
            "wall curl",
        ],
    );
    for case in cases(options, &servers, &programs)? {
        let gate = case.limit.gate();
        let (measured, judged) = measure_within(
            gate,
            |measured: &Measured| measured.judged(case.limit),
            || measure(&case, trust, options.rounds),
        )?;
        if measured.judged(case.limit) > case.limit.promised() {
            missed.push(case.what.clone());
        }
        kept &= measured.judged(case.limit) <= gate;
        again.extend(measured_again(&case.what, gate, &judged));
        let minreq = measured.minreq.map(|cost| cost.cpu);
        let limit = match case.limit {
            Limit::None => String::new(),
            Limit::Cpu(most, _) => format!("{most} ms"),
            Limit::Ratio(most, _) => most.to_string(),
        };
        row(
            options,
            &case.what,
            &[
                ms(measured.ptex.cpu),
                ms(measured.curl.cpu),
                minreq.map(ms).unwrap_or_default(),
                format!("{:.2}", measured.ratio()),
                minreq
                    .map(|cpu| format!("{:.2}", measured.ptex.cpu / cpu))
                    .unwrap_or_default(),
                limit,
                ms(measured.ptex.wall),
                ms(measured.curl.wall),
            ],
        );
    }
    embedded_roots(options, &folder, &servers, &programs)?;
    kept &= manifest(options, &servers, &programs, &mut again)?;
    kept &= memory(options, &servers, &programs, trust)?;
    system_calls(options, &servers, &programs, trust)?;
    kept &= curve(options, &servers, &programs, trust, &mut again)?;

    println!();
    for line in &again {
        println!("{line}");
    }
    for what in &missed {
        println!("More than promised: {what}");
    }
    Ok(kept || !options.check)
}

/// A line about what was measured more than once.
fn measured_again(what: &str, gate: f64, judged: &[f64]) -> Option<String> {
    let values: Vec<_> = judged.iter().map(|value| format!("{value:.2}")).collect();
    let verdict = if judged.last()? <= &gate {
        "then within it"
    } else {
        "never within it"
    };
    (judged.len() > 1).then(|| {
        format!(
            "Measured again, being above its gate of {gate}: {what}: {} ({verdict})",
            values.join(", ")
        )
    })
}

/// All that is compared.
fn cases(options: &Options, servers: &Servers, programs: &Programs) -> Result<Vec<Case>, String> {
    let [ptex, curl] = programs.versions();
    let mut cases = vec![Case {
        what: "-V".to_owned(),
        ptex,
        curl,
        minreq: None,
        to: To::Null,
        size: SMALL,
        limit: Limit::Cpu(1.0, 1.0),
    }];
    let mut add = |carrier, size, what: &str, to, checked, limit| -> Result<(), String> {
        servers.file(size)?;
        let url = servers.url(carrier, size);
        let ptex = if checked {
            programs.ptex_manifest(&servers.manifest(carrier, size)?)
        } else {
            programs.ptex(&url)
        };
        // minreq takes many times as long, so a large file is only fetched where nothing else is asked.
        let with_minreq = size == SMALL || (!options.quick && to == To::Null && !checked);
        cases.push(Case {
            what: format!("{} {what}", bytes(size)),
            ptex,
            curl: programs.curl(&url),
            minreq: with_minreq.then(|| programs.minreq(&url)),
            to,
            size,
            limit,
        });
        Ok(())
    };
    use Carrier::{Aes256, Http, Tls12, Tls13};
    add(Http, SMALL, "http", To::Null, false, Limit::None)?;
    add(
        Tls13,
        SMALL,
        "https, the system's roots",
        To::Null,
        false,
        Limit::Ratio(0.1, 0.15),
    )?;
    for (carrier, size, what, to, checked, limit) in [
        (
            Http,
            options.size,
            "http",
            To::Null,
            false,
            Limit::Ratio(0.8, 0.95),
        ),
        (
            Http,
            options.size,
            "http, a pipe",
            To::Pipe,
            false,
            Limit::Ratio(0.9, 0.9),
        ),
        (
            Http,
            options.size,
            "http, checked",
            To::Null,
            true,
            Limit::None,
        ),
        (
            Tls13,
            options.size,
            "https",
            To::Null,
            false,
            Limit::Ratio(0.7, 0.8),
        ),
        (
            Tls13,
            options.size,
            "https, a pipe",
            To::Pipe,
            false,
            Limit::None,
        ),
        (
            Tls13,
            options.size,
            "https, checked",
            To::Null,
            true,
            // Where curl's whole transfer is as fast as SHA-256 alone, no program gets near to what is promised.
            Limit::Ratio(1.1, 3.0),
        ),
        (
            Tls12,
            options.size,
            "https, TLS 1.2",
            To::Null,
            false,
            Limit::None,
        ),
        (
            Aes256,
            options.size,
            "https, AES-256",
            To::Null,
            false,
            Limit::None,
        ),
    ] {
        if !options.quick || !matches!(limit, Limit::None) {
            add(carrier, size, what, to, checked, limit)?;
        }
    }
    Ok(cases)
}

/// The medians of runs by turns, so that all meet the same noise.
fn measure(case: &Case, trust: &OsStr, rounds: usize) -> Result<Measured, String> {
    let large = case.size > 1 << 20;
    let rounds = if large { rounds } else { rounds * 4 };
    let (mut ptex, mut curl, mut minreq) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        ptex.push(case.ptex.run(Some(trust), case.to, case.size)?);
        curl.push(case.curl.run(Some(trust), case.to, case.size)?);
        if let Some(call) = &case.minreq
            && (round == 0 || !large)
        {
            minreq.push(call.run(Some(trust), case.to, case.size)?);
        }
    }
    let medians = |costs: &[Cost]| Cost {
        cpu: median(&costs.iter().map(|cost| cost.cpu).collect::<Vec<_>>()),
        wall: median(&costs.iter().map(|cost| cost.wall).collect::<Vec<_>>()),
    };
    Ok(Measured {
        ptex: medians(&ptex),
        curl: medians(&curl),
        minreq: (!minreq.is_empty()).then(|| medians(&minreq)),
    })
}

/// What ptex takes where the machine has no certificates: from an empty root folder, so only root can do it.
///
/// The roots that are built in cannot know the test's server. So what is measured ends with the refusal, without the
/// signatures of the handshake.
fn embedded_roots(
    options: &Options,
    folder: &Path,
    servers: &Servers,
    programs: &Programs,
) -> Result<(), String> {
    if !nix::unistd::getuid().is_root() {
        println!(
            "Only root can measure the embedded roots: they are used where there is no other file."
        );
        return Ok(());
    }
    let root = folder.join("root");
    // Nobody reads or writes this one, but it is opened on the way to a child.
    let null = root.join("dev/null");
    std::fs::create_dir_all(root.join("dev"))
        .and_then(|()| std::fs::write(null, ""))
        .and_then(|()| std::fs::copy(&programs.ptex, root.join("ptex")))
        .map_err(|e| format!("{}: {e}", root.display()))?;
    let url = servers.url(Carrier::Tls13, SMALL);
    // The root folder of one thread, and so of the children that it starts.
    let enter = || -> nix::Result<()> {
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_FS)?;
        nix::unistd::chroot(&root)?;
        nix::unistd::chdir("/")
    };
    let runs = || -> Result<Vec<f64>, String> {
        enter().map_err(|e| format!("Could not enter {}: {e}", root.display()))?;
        let call = Call::new("/ptex", &[&url]);
        let count = options.rounds * 4;
        (0..count).map(|_| Ok(call.run_refused()?.cpu)).collect()
    };
    let costs = std::thread::scope(|scope| scope.spawn(runs).join());
    let costs = costs.map_err(|_| "the thread in the empty root folder panicked")??;
    let what = format!("{} https, embedded roots, refused", bytes(SMALL));
    row(options, &what, &[ms(median(&costs))]);
    Ok(())
}

/// What it takes to find the last file of a large manifest, and to fetch it; false if that is above its gate.
fn manifest(
    options: &Options,
    servers: &Servers,
    programs: &Programs,
    again: &mut Vec<String>,
) -> Result<bool, String> {
    let call = programs.ptex_manifest(&servers.large_manifest(MANIFEST)?);
    let run = |_| Ok(call.run(None, To::Null, SMALL)?.cpu);
    let measure = || {
        let costs: Result<Vec<f64>, String> = (0..options.rounds).map(run).collect();
        Ok(median(&costs?))
    };
    let (cpu, judged) = measure_within(MANIFEST_GATE, |cpu| *cpu, measure)?;
    let what = format!("{} of manifest", bytes(MANIFEST));
    again.extend(measured_again(&what, MANIFEST_GATE, &judged));
    let [none, most] = [String::new(), format!("{MANIFEST_PROMISED} ms")];
    let values = [&ms(cpu), &none, &none, &none, &none, &most];
    row(options, &what, &values.map(String::clone));
    Ok(cpu <= MANIFEST_GATE)
}

/// Peak resident memory; false if it is more than promised.
fn memory(
    options: &Options,
    servers: &Servers,
    programs: &Programs,
    trust: &OsStr,
) -> Result<bool, String> {
    let mut kept = true;
    heading(
        options,
        &[
            "peak resident memory, KiB",
            "ptex",
            "curl",
            "/ curl",
            "at most",
        ],
    );
    for (carrier, what, limit) in [
        (Carrier::Http, "http, checked", 1u64 << 20),
        (Carrier::Tls13, "https, checked", 2 << 20),
        (Carrier::Aes256, "https, AES-256, checked", 2 << 20),
    ] {
        let manifest = servers.manifest(carrier, options.size)?;
        let ptex = programs.ptex_manifest(&manifest).peak(Some(trust))?;
        let url = servers.url(carrier, options.size);
        let curl = programs.curl(&url).peak(Some(trust))?;
        let what = format!("{} {what}", bytes(options.size));
        row(
            options,
            &what,
            &[
                (ptex >> 10).to_string(),
                (curl >> 10).to_string(),
                format!("{:.2}", ptex as f64 / curl as f64),
                (limit >> 10).to_string(),
            ],
        );
        kept &= ptex < limit;
    }
    Ok(kept)
}

fn system_calls(
    options: &Options,
    servers: &Servers,
    programs: &Programs,
    trust: &OsStr,
) -> Result<(), String> {
    if programs::find("strace").is_none() {
        println!("There is no strace to count system calls with.");
        return Ok(());
    }
    heading(options, &["system calls", "ptex", "curl", "/ curl"]);
    for (carrier, size, what) in [
        (Carrier::Http, SMALL, "http"),
        (Carrier::Tls13, SMALL, "https"),
        (Carrier::Http, options.size, "http"),
        (Carrier::Tls13, options.size, "https"),
    ] {
        let url = servers.url(carrier, size);
        let ptex = programs.ptex(&url).system_calls(Some(trust))?;
        let curl = programs.curl(&url).system_calls(Some(trust))?;
        row(
            options,
            &format!("{} {what}", bytes(size)),
            &[
                ptex.to_string(),
                curl.to_string(),
                format!("{:.2}", ptex as f64 / curl as f64),
            ],
        );
    }
    Ok(())
}

/// Processor time over size, and how far it is from a straight line; false if that is more than the gate.
fn curve(
    options: &Options,
    servers: &Servers,
    programs: &Programs,
    trust: &OsStr,
    again: &mut Vec<String>,
) -> Result<bool, String> {
    let mut kept = true;
    for (carrier, what) in [(Carrier::Http, "http"), (Carrier::Tls13, "https")] {
        let measure = || {
            let mut points = Vec::new();
            let sizes = [10, 20, 24, 28, 30, 32].map(|shift| 1 << shift);
            for size in sizes.into_iter().filter(|size| *size <= options.last) {
                let call = programs.ptex_manifest(&servers.manifest(carrier, size)?);
                let rounds = options.rounds * if size > 1 << 20 { 1 } else { 4 };
                let costs: Result<Vec<f64>, String> = (0..rounds)
                    .map(|_| Ok(call.run(Some(trust), To::Null, size)?.cpu))
                    .collect();
                points.push((size as f64, median(&costs?)));
            }
            Ok((Line::fit(&points), points))
        };
        let off = |(line, points): &(Line, Vec<_>)| line.deviation(points);
        let ((line, points), judged) = measure_within(CURVE_GATE, off, measure)?;
        kept &= line.deviation(&points) <= CURVE_GATE;
        again.extend(measured_again(
            &format!("the curve of {what}"),
            CURVE_GATE,
            &judged,
        ));

        let title = format!("ptex, {what}, checked: cpu, ms");
        heading(options, &[&title, "measured", "on the line", "off by"]);
        for &(size, cpu) in &points {
            let off = (cpu / line.at(size) - 1.0) * 100.0;
            let values = [ms(cpu), ms(line.at(size)), format!("{off:+.0} %")];
            row(options, &bytes(size as u64), &values);
        }
        println!(
            "The line: {:.2} ms and {:.0} ms per GiB.",
            line.start,
            line.slope * f64::from(1 << 30)
        );
    }
    Ok(kept)
}

/// Milliseconds with as many digits as mean something.
fn ms(value: f64) -> String {
    match value {
        ..10.0 => format!("{value:.2}"),
        _ => format!("{value:.0}"),
    }
}

/// The heading of a table.
fn heading(options: &Options, columns: &[&str]) {
    if options.markdown {
        println!("\n| {} |", columns.join(" | "));
        println!("|---|{}", "--:|".repeat(columns.len() - 1));
    } else {
        let names: String = columns[1..]
            .iter()
            .map(|name| format!("{name:>12}"))
            .collect();
        println!("\n{:<34}{names}", columns[0]);
    }
}

/// A line of a table: in a document one column each, else as they come.
fn row(options: &Options, what: &str, values: &[String]) {
    if options.markdown {
        println!("| {what} | {} |", values.join(" | "));
    } else {
        let values: String = values.iter().map(|value| format!("{value:>12}")).collect();
        println!("{what:<34}{values}");
    }
}
