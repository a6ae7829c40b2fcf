//! The command line: what is taken, what is refused, and what is said where.

use blackbox::in_parallel;
use blackbox::run::Ptex;
use blackbox::server::{Server, ok};
use blackbox::temp::Folder;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Expects the usage text on stderr, after `line` if that is not empty.
#[track_caller]
fn is_usage(arguments: &[&str], line: &str) {
    let outcome = Ptex::new(arguments).run();
    assert_eq!(outcome.status.code(), Some(1), "{arguments:?}");
    assert_eq!(outcome.stdout, b"");
    let usage = Ptex::new(["-h"]).run();
    let mut expected = String::new();
    if !line.is_empty() {
        expected = format!("{line}\n\n");
    }
    expected.push_str(std::str::from_utf8(&usage.stdout).unwrap());
    assert_eq!(outcome.stderr, expected, "{arguments:?}");
}

#[test]
fn help_is_an_answer_and_goes_to_stdout() {
    for arguments in [&["-h"][..], &["--help"], &["-sh"], &["a", "b", "c", "-h"]] {
        let outcome = Ptex::new(arguments).run();
        assert!(outcome.status.success());
        assert_eq!(outcome.stderr, "");
        let text = String::from_utf8(outcome.stdout).unwrap();
        assert!(text.contains("MANIFEST FILE") && text.contains("\"ptex\""));
        assert!(text.ends_with('\n'));
        assert!(
            text.lines().count() < 50 && text.lines().all(|line| line.len() <= 80),
            "it is to fit a screen"
        );
    }
}

#[test]
fn the_version_is_bare() {
    for option in ["-V", "--version"] {
        Ptex::new([option])
            .run()
            .delivers(format!("{VERSION}\n").as_bytes());
    }
}

#[test]
fn too_few_and_too_many_arguments() {
    is_usage(&[], "");
    is_usage(&["-s"], "");
    is_usage(&["--"], "");
    is_usage(&["a", "b", "c"], "");
}

#[test]
fn an_option_without_its_value() {
    is_usage(&["-H"], "Option -H needs a value");
    is_usage(&["http://h/", "-H"], "Option -H needs a value");
    is_usage(&["http://h/", "--header"], "Option --header needs a value");
    is_usage(&["http://h/", "-sH"], "Option -sH needs a value");
    is_usage(&["http://h/", "--retry"], "Option --retry needs a value");
}

#[test]
fn what_is_no_option() {
    for option in ["--frobnicate", "-x", "-sx", "--H", "-\u{e9}", "--silen"] {
        for arguments in [
            [option, "http://127.0.0.1:1/"],
            ["http://127.0.0.1:1/", option],
        ] {
            Ptex::new(arguments)
                .run()
                .refuses(&format!("Unknown option {option}"));
        }
    }
    Ptex::new(["--silent=1", "u"])
        .run()
        .refuses("takes no value");
    Ptex::new(["-C", "7", "-O", "u"])
        .run()
        .refuses("Bad value of -C");
    Ptex::new(["-C", "-", "u"]).run().refuses("-C goes with -O");
    Ptex::new(["-O", "m", "f"])
        .run()
        .refuses("-O goes with a URL");
}

#[test]
fn forms_of_options() {
    let server = Server::answering(ok("body"));
    let url = &*server.url("/");
    for arguments in [
        &["-s", "-D", "-H", "X: 1", url][..],
        &["-sD", "-HX: 1", url],
        &["-sDHX: 1", url],
        &[url, "--silent", "--dump-header", "--header", "X: 1"],
        &["--header=X: 1", "-D", "--", url],
    ] {
        let outcome = Ptex::new(arguments).run();
        outcome.succeeds(b"body");
        assert_eq!(
            outcome.stderr,
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
        );
    }
    assert_eq!(server.requests().len(), 5);
    assert!(server.requests().iter().all(|r| r.header("X") == Some("1")));
}

#[test]
fn names_that_begin_with_a_dash() {
    let folder = Folder::new();
    let file = folder.write("content", "by name");
    let url = format!("file://{}", file.display());
    folder.write("-m.json", format!(r#"{{"ptex": {{"-f": "{url}"}}}}"#));
    Ptex::new(["--", "-m.json", "-f"])
        .dir(folder.path())
        .run()
        .delivers(b"by name");
}

#[test]
fn variables_are_options_that_a_user_can_reach() {
    let server = Server::answering(ok("body"));
    let outcome = Ptex::new([server.url("/")])
        .env("PTEX_DUMP_HEADERS", "1")
        .run();
    outcome.succeeds(b"body");
    assert!(outcome.stderr.starts_with("HTTP/1.1 200 OK\r\n"));
    for name in [
        "PTEX_DUMP_HEADERS",
        "PTEX_VERBOSE",
        "PTEX_RETRY",
        "PTEX_MAX_TIME",
    ] {
        Ptex::new([server.url("/")])
            .env(name, "")
            .run()
            .delivers(b"body");
    }
    // An argument has the last word.
    Ptex::new(["--max-redirs", "1", &*server.url("/")])
        .env("PTEX_MAX_REDIRS", "0")
        .run()
        .delivers(b"body");
}

#[test]
fn a_bad_value_is_named() {
    let names = [
        ("connect-timeout", "PTEX_CONNECT_TIMEOUT"),
        ("limit-rate", "PTEX_LIMIT_RATE"),
        ("max-redirs", "PTEX_MAX_REDIRS"),
        ("max-time", "PTEX_MAX_TIME"),
        ("retry", "PTEX_RETRY"),
        ("retry-max-time", "PTEX_RETRY_MAX_TIME"),
        ("speed-time", "PTEX_SPEED_TIME"),
    ];
    in_parallel(&names, |(option, variable)| {
        for value in [
            "x",
            "-1",
            "1x",
            "99999999999999999999",
            "1e3",
            " 1",
            "0x10",
            ".",
        ] {
            Ptex::new(["http://127.0.0.1:1/"])
                .env(variable, value)
                .run()
                .fails_with(&format!("Bad value of {variable}: {value}"));
            Ptex::new([&format!("--{option}={value}"), "http://127.0.0.1:1/"])
                .run()
                .fails_with(&format!("Bad value of --{option}: {value}"));
        }
    });
}

#[test]
fn the_manual_names_every_option_and_variable() {
    let usage = Ptex::new(["--help"]).run();
    let usage = String::from_utf8(usage.stdout).unwrap();
    let options: Vec<_> = usage
        .split_whitespace()
        .filter_map(|word| word.trim_end_matches(',').strip_prefix("--"))
        .collect();
    assert!(options.len() > 10);
    for option in options {
        assert!(
            package::MANUAL.contains(&format!("Fl -{option}")),
            "{option}"
        );
        // Those of a switch or a number; what names a file or a header is not for a variable.
        let name = match option {
            "header" | "remote-name" | "continue-at" | "silent" | "version" | "help" => continue,
            "dump-header" => "DUMP_HEADERS".to_owned(),
            name => name.replace('-', "_").to_uppercase(),
        };
        let variable = format!("Ev PTEX_{name} .");
        assert!(package::MANUAL.contains(&variable), "{variable}");
    }
}
