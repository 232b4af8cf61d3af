//! The servers that are compared: how each is started, and which version it is.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::server::Launch;

/// The lock file that the servers of this package were built with.
const LOCK_FILE: &str = include_str!("../../../Cargo.lock");

/// What Bun runs.
const BUN_SCRIPT: &str = include_str!("../bun/server.js");

/// The name of our own wire engine and connections, without any guest.
pub const NATIVE: &str = "native";

/// How many instances of a guest serve an endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Instancing {
    /// One for each session; the host's default.
    Session,
    /// A few for all sessions: as many shards as the host takes by itself.
    Shared,
}

impl Instancing {
    /// The word in the host's configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Shared => "shared",
        }
    }
}

/// Programs of servers that are not ours; one that is absent is left out of the comparison.
#[derive(Clone, Debug, Default)]
pub struct Rivals {
    /// The plain tokio-tungstenite server of this package.
    pub reference: Option<PathBuf>,
    /// The plain fastwebsockets server of this package.
    pub fastwebsockets: Option<PathBuf>,
    /// Bun; its script is part of this package.
    pub bun: Option<PathBuf>,
}

impl Rivals {
    /// How to start each of them. What they need is put into `scratch`.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn launches(&self, scratch: &Path) -> Result<Vec<Launch>> {
        let mut launches = Vec::new();
        launches.extend(self.reference.as_deref().map(reference));
        launches.extend(self.fastwebsockets.as_deref().map(|it| plain("fastwebsockets", it)));
        if let Some(program) = &self.bun {
            launches.push(bun(program, scratch)?);
        }
        Ok(launches)
    }
}

/// The plain tokio-tungstenite server of this package.
pub fn reference(program: &Path) -> Launch {
    plain("tokio-tungstenite", program)
}

/// Our own wire engine and connections, without any guest.
pub fn native(program: &Path) -> Launch {
    plain(NATIVE, program)
}

/// A program that is told where to listen and nothing else.
fn plain(name: &str, program: &Path) -> Launch {
    Launch {
        name: name.to_owned(),
        program: program.to_owned(),
        args: ["--listen", "127.0.0.1:0"].map(OsString::from).to_vec(),
        env: Vec::new(),
    }
}

fn bun(program: &Path, scratch: &Path) -> Result<Launch> {
    let script = scratch.join("bun-server.js");
    fs::write(&script, BUN_SCRIPT).with_context(|| format!("cannot write {script:?}"))?;
    let (name, program) = ("bun".to_owned(), program.to_owned());
    // It would send what it crashed of to its makers.
    let env = vec![("DO_NOT_TRACK", "1")];
    Ok(Launch { name, program, args: vec![script.into()], env })
}

/// The host with these components, each deployed under its file stem with this instancing.
///
/// Its configuration and its admin socket are put into a folder of their own in `scratch`.
///
/// # Errors
/// A component is not a file, or the configuration cannot be written.
pub fn sockhop(
    program: &Path,
    components: &[PathBuf],
    instancing: Instancing,
    scratch: &Path,
) -> Result<Launch> {
    let name = format!("sockhop {}", instancing.word());
    let folder = scratch.join(name.replace(' ', "-"));
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {folder:?}"))?;
    let mut args = vec![OsString::from("run")];
    for component in components {
        ensure!(component.is_file(), "{component:?} is not a file");
        args.push(component.into());
    }
    if instancing != Instancing::Session {
        let config = folder.join("sockhop.toml");
        fs::write(&config, config_text(components, instancing)?)?;
        args.extend(["--config".into(), config.into()]);
    }
    let mut admin = OsString::from("unix:");
    admin.push(folder.join("admin.sock"));
    args.extend(["--listen".into(), "127.0.0.1:0".into(), "--admin".into(), admin]);
    let env = vec![("SOCKHOP_LOG", "warn")];
    Ok(Launch { name, program: program.to_owned(), args, env })
}

fn config_text(components: &[PathBuf], instancing: Instancing) -> Result<String> {
    let mut text = String::new();
    for component in components {
        let name = stem(component)?;
        text += &format!("[deployment.{name}]\ninstancing = \"{}\"\n", instancing.word());
    }
    Ok(text)
}

/// The name under which the host deploys a component file.
///
/// # Errors
/// The file's name has no stem, or it is not UTF-8.
pub fn stem(component: &Path) -> Result<&str> {
    let stem = component.file_stem().and_then(|stem| stem.to_str());
    stem.with_context(|| format!("{component:?} has no name to deploy it under"))
}

/// The version of the program behind a launch, with the server's name where the program gives
/// nothing but a number.
///
/// # Errors
/// As [`version`].
pub fn version_of(launch: &Launch) -> Result<String> {
    let version = version(&launch.program)?;
    let is_number = version.starts_with(|first: char| first.is_ascii_digit());
    Ok(if is_number { format!("{} {version}", launch.name) } else { version })
}

/// What a program answers to `--version`.
///
/// # Errors
/// It cannot be run, or has no such flag.
pub fn version(program: &Path) -> Result<String> {
    let output = Command::new(program)
        .arg("--version")
        .output()
        .with_context(|| format!("cannot start {program:?}"))?;
    ensure!(output.status.success(), "{program:?} --version: {}", output.status);
    let text = String::from_utf8(output.stdout).context("its version is not UTF-8")?;
    let line = text.lines().next().filter(|line| !line.is_empty());
    line.map(str::to_owned).with_context(|| format!("{program:?} --version prints nothing"))
}

/// What a server of this repository is made of: the crates that decide its speed, with the versions
/// that it was built with.
pub fn locked_versions(packages: &[&str]) -> String {
    let of = |package: &&str| {
        let version = locked_version(LOCK_FILE, package).unwrap_or("of unknown version");
        format!("{package} {version}")
    };
    format!("({})", packages.iter().map(of).collect::<Vec<_>>().join(", "))
}

fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_the_lock_file_by_the_whole_name() {
        let lock = "[[package]]\nname = \"tokio-util\"\nversion = \"0.7.1\"\n\n\
                    [[package]]\nname = \"tokio\"\nversion = \"1.2.3\"\nsource = \"x\"\n";
        assert_eq!(locked_version(lock, "tokio"), Some("1.2.3"));
        assert_eq!(locked_version(lock, "toki"), None);
    }

    #[test]
    fn a_server_names_real_versions() {
        let version = locked_versions(&["tokio-tungstenite", "fastwebsockets", "hyper", "tokio"]);
        assert!(version.starts_with("(tokio-tungstenite 0."), "{version}");
        assert!(!version.contains("unknown"), "{version}");
    }

    #[test]
    fn the_configuration_names_each_deployment() {
        let components = [PathBuf::from("/x/echo.wasm"), PathBuf::from("floods.wasm")];
        let text = config_text(&components, Instancing::Shared).expect("a configuration");
        assert_eq!(
            text,
            "[deployment.echo]\ninstancing = \"shared\"\n\
             [deployment.floods]\ninstancing = \"shared\"\n"
        );
    }
}
