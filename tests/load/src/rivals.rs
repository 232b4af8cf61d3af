//! The servers that are compared: how each is started, and which version it is.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Context, Result, ensure};

use crate::server::Launch;

/// The lock file that this package, and so the reference server, was built with.
const LOCK_FILE: &str = include_str!("../../../Cargo.lock");

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

/// The plain tokio-tungstenite echo of this package.
pub fn reference(program: &Path) -> Launch {
    Launch {
        name: "tokio-tungstenite".to_owned(),
        program: program.to_owned(),
        args: ["--listen", "127.0.0.1:0"].map(OsString::from).to_vec(),
        env: Vec::new(),
    }
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

/// The reference server's version: those of the two crates that decide its speed.
pub fn reference_version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let of = |package| locked_version(LOCK_FILE, package).unwrap_or("of unknown version");
        format!("(tokio-tungstenite {}, tokio {})", of("tokio-tungstenite"), of("tokio"))
    });
    &VERSION
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
    fn the_reference_names_real_versions() {
        let version = reference_version();
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
