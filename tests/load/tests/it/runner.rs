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
use sockhop_load::rivals::{NATIVE, Rivals};
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
    program(folder, "sockhop", &script)
}

/// Makes a program of a script.
fn program(folder: &Path, name: &str, script: &str) -> PathBuf {
    let program = folder.join(name);
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

/// A program that takes the place of Bun: it looks at the script that it is to run, and is the
/// fastwebsockets server.
fn stand_in_for_bun(folder: &Path) -> PathBuf {
    let script = format!(
        "#!/bin/sh\n\
         [ \"$1\" = --version ] && {{ echo 9.9.9; exit 0; }}\n\
         grep -q Bun.serve \"$1\" || exit 2\n\
         exec {}\n",
        env!("CARGO_BIN_EXE_fastwebsockets")
    );
    program(folder, "bun", &script)
}

fn comparison(scratch: &Scratch) -> bench::Settings {
    let reference = PathBuf::from(env!("CARGO_BIN_EXE_reference"));
    bench::Settings {
        sockhop: stand_in(scratch.path()),
        echo: component(scratch.path(), "echo"),
        broadcast: component(scratch.path(), "broadcast"),
        native: Some(reference.clone()),
        rivals: Rivals {
            reference: Some(reference),
            fastwebsockets: Some(env!("CARGO_BIN_EXE_fastwebsockets").into()),
            bun: Some(stand_in_for_bun(scratch.path())),
        },
        // Longer than a busy machine keeps a thread waiting: a window without a message fails.
        timing: Timing::new(Duration::from_millis(20), Duration::from_millis(250)),
        windows: 1,
        idle_connections: 20,
        loads: Vec::new(),
        servers: Vec::new(),
        pins: Pins::none(),
    }
}

#[test]
fn a_comparison_has_a_row_for_each_server_and_load() {
    let scratch = scratch();
    let settings = comparison(&scratch);
    let mut steps = 0;
    let machine = Machine::read().expect("a machine");
    let report =
        bench::run(&settings, machine, scratch.path(), &mut |_| steps += 1).expect("a comparison");
    assert_eq!(steps, (5 + 1) * 6);
    let servers = ["tokio-tungstenite", "fastwebsockets", "bun", NATIVE];
    let servers = [&servers[..], &["sockhop session", "sockhop shared"]].concat();
    assert_eq!(report.rivals, servers[..3]);
    for scenario in bench::SCENARIOS {
        let cells = report.cells.iter().filter(|cell| cell.scenario == scenario.name);
        let of_scenario: Vec<_> = cells.map(|cell| cell.server.as_str()).collect();
        assert_eq!(of_scenario, servers);
    }
    let idle: Vec<_> = report.idle.iter().map(|idle| idle.server.as_str()).collect();
    assert_eq!(idle, servers);
    assert_eq!(report.bar.len(), 5 + 1, "each load, and the memory");
    assert!(report.bar[5].figure.starts_with("idle"), "{:?}", report.bar);
    let text = report.to_string();
    for version in ["(tokio-tungstenite 0.", "(fastwebsockets 0.", "bun 9.9.9", "stand-in 1.2.3"] {
        assert!(text.contains(version), "{text}");
    }
    let config = scratch.path().join("sockhop-shared/sockhop.toml");
    let config = fs::read_to_string(config).expect("a configuration");
    let expected = "[deployment.echo]\ninstancing = \"shared\"\n\
                    [deployment.broadcast]\ninstancing = \"shared\"\n";
    assert_eq!(config, expected);
}

#[test]
fn loads_and_servers_are_chosen_by_a_word_of_their_names() {
    let scratch = scratch();
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    let run = |loads: &[&str], servers: &[&str]| {
        let (loads, servers) = (words(loads), words(servers));
        let settings = bench::Settings { loads, servers, ..comparison(&scratch) };
        let mut steps = Vec::new();
        let machine = Machine::read().expect("a machine");
        bench::run(&settings, machine, scratch.path(), &mut |step| steps.push(step.to_owned()))
            .map(|_| steps)
    };
    let steps = run(&["connect", "idle"], &["bun"]).expect("a comparison");
    assert_eq!(steps.len(), 2, "{steps:?}");
    assert!(steps[0].starts_with("connect, ") && steps[0].contains(", bun: "), "{steps:?}");
    assert!(steps[1].starts_with("idle, bun: "), "{steps:?}");
    let error = run(&["nothing"], &[]).expect_err("no such load").to_string();
    assert_eq!(error, "no load has such a name");
    let error = run(&[], &["nothing"]).expect_err("no such server").to_string();
    assert_eq!(error, "no server has such a name");
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
        windows: 2,
        guests: Vec::new(),
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
fn a_missing_specimen_is_named_and_others_are_not_missed() {
    let scratch = scratch();
    let settings = neighbours::Settings {
        sockhop: stand_in(scratch.path()),
        echo: component(scratch.path(), "echo"),
        zoo: scratch.path().to_owned(),
        timing: short(),
        windows: 2,
        guests: neighbours::ZOO.iter().filter(|guest| guest.name == "traps in message").collect(),
        rate: 1000,
        hostile: 1,
        pins: Pins::none(),
    };
    let machine = Machine::read().expect("a machine");
    let error =
        neighbours::run(&settings, machine, scratch.path(), &mut |_| {}).expect_err("no such file");
    let error = format!("{error:#}");
    assert!(error.starts_with("traps in message: ") && error.ends_with("is not a file"), "{error}");
}
