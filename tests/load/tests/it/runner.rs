//! The runner: servers that do not start or stop as they should, and whole benchmarks with a
//! program in the host's place that takes the host's arguments and is the reference server.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use sockhop_load::load::Timing;
use sockhop_load::machine::Machine;
use sockhop_load::pin::Pins;
use sockhop_load::server::{Launch, Scratch, Server};
use sockhop_load::{bench, neighbours};

use crate::scratch;

fn shell(script: &str) -> Launch {
    Launch {
        name: "a script".to_owned(),
        program: "/bin/sh".into(),
        args: vec!["-c".into(), OsString::from(script)],
        env: vec![("GREETING", "hello")],
    }
}

fn start(script: &str, scratch: &Scratch) -> anyhow::Result<Server> {
    Server::start(&shell(script), "/echo", Pins::none(), scratch.path())
}

#[test]
fn a_server_that_ends_at_once_is_named_with_its_log() {
    let error = start("echo $GREETING >&2; exit 3", &scratch()).expect_err("no server").to_string();
    assert!(error.starts_with("a script ended at start: exit status: 3"), "{error}");
    assert!(error.ends_with("its log ends with:\nhello"), "{error}");
}

#[test]
fn the_first_address_is_taken_among_other_lines() {
    let script = "echo 'admin on unix:/x'; echo 'listening on ws://127.0.0.1:7'; exec sleep 1000";
    let server = start(script, &scratch()).expect("a server");
    assert_eq!(server.target().url(), "ws://127.0.0.1:7/echo");
    assert_eq!(server.target_at("/floods").url(), "ws://127.0.0.1:7/floods");
}

#[test]
fn a_server_that_does_not_exit_with_0_is_an_error() {
    let scratch = scratch();
    let script = "echo 'listening on ws://127.0.0.1:7'; exec sleep 1000";
    let error = start(script, &scratch).expect("a server").stop().expect_err("killed").to_string();
    assert!(error.starts_with("a script stopped with signal: 15"), "{error}");
}

/// A program that takes the place of the host: it checks that its arguments are those that the host
/// is to be started with, and is the reference server.
fn stand_in(folder: &Path) -> PathBuf {
    let program = folder.join("sockhop");
    let script = format!(
        "#!/bin/sh\n\
         case \"$1 $2\" in\n\
         '--version ') echo 'stand-in 1.2.3'; exit 0;;\n\
         'run '*.wasm) ;;\n\
         *) echo \"bad arguments: $*\" >&2; exit 2;;\n\
         esac\n\
         case \"$* $SOCKHOP_LOG\" in\n\
         *' --listen 127.0.0.1:0 --admin unix:'*'/admin.sock warn') ;;\n\
         *) echo \"bad arguments: $*\" >&2; exit 2;;\n\
         esac\n\
         exec {} --listen 127.0.0.1:0\n",
        env!("CARGO_BIN_EXE_reference")
    );
    // Another process writes it: what this one has open for writing, a server that another test
    // starts at this moment inherits, and then the kernel refuses to run it as busy.
    let mut writer = Command::new("/bin/sh")
        .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
        .arg(&program)
        .stdin(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut stdin = writer.stdin.take().expect("its input");
    stdin.write_all(script.as_bytes()).expect("taken");
    drop(stdin);
    assert!(writer.wait().expect("its end").success());
    program
}

fn component(folder: &Path, stem: &str) -> PathBuf {
    let file = folder.join(format!("{stem}.wasm"));
    fs::write(&file, "").expect("written");
    file
}

fn short() -> Timing {
    Timing::new(Duration::from_millis(20), Duration::from_millis(60))
}

#[test]
fn a_comparison_has_a_row_for_each_server_and_load() {
    let scratch = scratch();
    let settings = bench::Settings {
        sockhop: stand_in(scratch.path()),
        echo: component(scratch.path(), "echo"),
        reference: Some(env!("CARGO_BIN_EXE_reference").into()),
        // Longer than a busy machine keeps a thread waiting: a window without a message fails.
        timing: Timing::new(Duration::from_millis(20), Duration::from_millis(250)),
        windows: 1,
        pins: Pins::none(),
    };
    let mut windows = 0;
    let machine = Machine::read().expect("a machine");
    let report = bench::run(&settings, machine, scratch.path(), &mut |_| windows += 1)
        .expect("a comparison");
    assert_eq!(windows, 4 * 3);
    let text = report.to_string();
    assert_eq!(text.lines().filter(|line| line.contains(" in flight ")).count(), 12, "{text}");
    assert!(text.contains("Versions: stand-in 1.2.3; sockhop-load (tokio-tungstenite"), "{text}");
    let config = scratch.path().join("sockhop-shared/sockhop.toml");
    let config = fs::read_to_string(config).expect("a configuration");
    assert_eq!(config, "[deployment.echo]\ninstancing = \"shared\"\n");
}

#[test]
fn neighbours_have_a_row_for_each_specimen() {
    let scratch = scratch();
    for specimen in neighbours::ZOO {
        component(scratch.path(), specimen.stem);
    }
    let settings = neighbours::Settings {
        sockhop: stand_in(scratch.path()),
        echo: component(scratch.path(), "echo"),
        zoo: scratch.path().to_owned(),
        timing: short(),
        rate: 1000,
        hostile: 2,
        pins: Pins::none(),
    };
    let machine = Machine::read().expect("a machine");
    let report =
        neighbours::run(&settings, machine, scratch.path(), &mut |_| {}).expect("a comparison");
    report.check().expect("no message lost");
    assert!(report.rows.iter().all(|row| row.provocations > 0), "{report}");
    let text = report.to_string();
    for specimen in neighbours::ZOO {
        assert!(text.contains(&format!("\n| {}", specimen.name)), "{text}");
    }
}

#[test]
fn a_missing_specimen_is_named() {
    let scratch = scratch();
    let settings = neighbours::Settings {
        sockhop: stand_in(scratch.path()),
        echo: component(scratch.path(), "echo"),
        zoo: scratch.path().to_owned(),
        timing: short(),
        rate: 1000,
        hostile: 1,
        pins: Pins::none(),
    };
    let machine = Machine::read().expect("a machine");
    let error =
        neighbours::run(&settings, machine, scratch.path(), &mut |_| {}).expect_err("no such file");
    let error = format!("{error:#}");
    assert!(error.starts_with("traps in open: ") && error.ends_with("is not a file"), "{error}");
}
