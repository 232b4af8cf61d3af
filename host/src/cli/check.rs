//! `sockhop check`: whether a component could be deployed, and what it holds.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use sockhop_engine::{Engine, EngineConfig, Guest, GuestOutput, Program, Stream};
use sockhop_session::handshake::EndpointConfig;

use super::args::{CheckArgs, RunArgs};
use super::exit;
use super::output::{print, say};
use crate::config::{Config, DeploymentName, DeploymentSettings, Machine};
use crate::config::{ProcessEnvironment, Sources};
use crate::deployments::candidate::{
    check as check_described, check_keys, check_settings, guest_settings,
};
use crate::telemetry::escaped;

/// Compiles the component, asks it for its endpoints, and prints what it holds. It is held against
/// what the configuration says for a deployment of its file's stem, and not against a running host.
pub(super) fn check(args: &CheckArgs) -> ExitCode {
    let machine = Machine::this();
    let run = RunArgs::default();
    let sources = Sources { args: &run, environment: &ProcessEnvironment, machine: &machine };
    let config = match Config::load(sources) {
        Ok(config) => config,
        Err(errors) => return exit::bad_config(&errors),
    };
    match inspect(args, &config) {
        Ok(found) => print(&found),
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::from(exit::FAILED)
        }
    }
}

fn inspect(args: &CheckArgs, config: &Config) -> Result<String> {
    let file = args.component.display();
    let component =
        std::fs::read(&args.component).with_context(|| format!("cannot read {file}"))?;
    let engine = Engine::new(&EngineConfig {
        instances: 1,
        memory_bytes_max: config.sandbox.memory.as_usize(),
        cache_dir: None,
    })?;
    let refused = || format!("{file} could not be deployed");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let bytes = component.len();
    let program = runtime.block_on(engine.load(component.into())).with_context(refused)?;
    let settings = match DeploymentName::from_file(&args.component) {
        Ok(name) => config.settings_for(&name),
        Err(_) => DeploymentSettings::default().resolve(config),
    };
    let guest = Guest::new(&engine, program, guest_settings(&settings, &Arc::new(Said)));
    let described = runtime.block_on(guest.describe()).with_context(refused)?;
    let endpoints =
        check_described(described, config.limits.properties.as_usize()).with_context(refused)?;
    check_settings(&settings, &endpoints).with_context(refused)?;
    check_keys(&settings, &endpoints, guest.program()).with_context(refused)?;
    let endpoints: Vec<_> = endpoints.into_iter().map(|(_template, config)| config).collect();
    Ok(show(&file.to_string(), bytes, guest.program(), &endpoints))
}

fn show(file: &str, bytes: usize, program: &Program, endpoints: &[EndpointConfig]) -> String {
    let mut text = format!(
        "{}: {bytes} bytes, sha256 {}\nworld {}\n",
        escaped(file),
        program.digest(),
        program.world()
    );
    for endpoint in endpoints {
        // Writing to a string cannot fail.
        let _written = write!(text, "endpoint {}", escaped(&endpoint.path));
        if !endpoint.subprotocols.is_empty() {
            let _written = write!(text, ", subprotocols {}", endpoint.subprotocols.join(" "));
        }
        if let Some(bytes) = endpoint.max_message_bytes {
            let _written = write!(text, ", messages up to {bytes} bytes");
        }
        text.push('\n');
    }
    for import in program.imports() {
        let _written = writeln!(text, "import {}", escaped(import));
    }
    for export in program.exports() {
        let _written = writeln!(text, "export {}", escaped(export));
    }
    text
}

/// What the guest writes while it is asked.
struct Said;

impl GuestOutput for Said {
    fn line(&self, _stream: Stream, line: &str) {
        say(&format!("the guest says: {line}"));
    }
}
