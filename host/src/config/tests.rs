//! The printed default configuration, and the settings that a deployment ends up with.

use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::*;
use crate::cli::args::RunArgs;
use crate::connect::CONNECT_TIMEOUT;

/// Loads a text as a configuration file, in an environment with nothing but a home.
fn load(text: &str) -> Config {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sockhop.toml");
    std::fs::write(&file, text).unwrap();
    let args = RunArgs { config: Some(file), ..RunArgs::default() };
    let environment = BTreeMap::from([("HOME".to_owned(), "/home/x".to_owned())]);
    let machine = Machine::this();
    Config::load(Sources { args: &args, environment: &environment, machine: &machine }).unwrap()
}

/// The printed document with the keys that are commented out put to work.
fn whole_document() -> String {
    let live = |line: &str| match line.strip_prefix('#') {
        Some(rest) if !rest.is_empty() && !rest.starts_with(' ') => rest.to_owned(),
        _ => line.to_owned(),
    };
    Config::default_document().lines().map(live).collect::<Vec<_>>().join("\n")
}

fn keys(prefix: &str, table: &DeTable<'_>, found: &mut Vec<String>) {
    for (key, value) in table {
        let path = findings::dotted(prefix, key.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) if !path.ends_with(".env") => keys(&path, inner, found),
            _ => found.push(path),
        }
    }
}

#[test]
fn the_default_document_says_the_defaults() {
    assert_eq!(format!("{:#?}", load(Config::default_document())), format!("{:#?}", load("")));
}

#[test]
fn the_default_document_holds_every_key_and_no_other() {
    let text = whole_document();
    let mut written = Vec::new();
    keys("", DeTable::parse(&text).unwrap().get_ref(), &mut written);
    let mut known = file::known_keys(&text);
    written.sort();
    known.sort();
    assert_eq!(written, known);
}

#[test]
fn the_examples_in_the_default_document_are_valid() {
    let config = load(&whole_document());
    assert_eq!(config.admin.to_string(), "127.0.0.1:8081");
    assert_eq!(config.deployments["chat"].env["GREETING"], "hello");
}

#[test]
fn a_guest_that_waits_for_a_connection_hears_that_it_is_given_up() {
    assert!(CONNECT_TIMEOUT < load("").sandbox.event_wait);
}

#[test]
fn each_key_of_the_default_document_is_explained_above_it() {
    let mut explained = false;
    for line in Config::default_document().lines() {
        if line.contains(" = ") && !line.starts_with("# ") {
            assert!(explained, "no line of explanation above: {line}");
        }
        explained = line.starts_with("# ");
    }
}

#[test]
fn a_deployment_without_a_table_has_the_hosts_settings() {
    let config = load("sandbox.memory = '8 MiB'\nlimits.message = '1 MiB'");
    let resolved = config.settings_for(&"other".parse().unwrap());
    let wanted = ResolvedDeployment {
        instancing: Instancing::Session,
        strategy: Strategy::Drain,
        memory: ByteSize::from_mib(8),
        event_cpu: Duration::from_millis(500),
        event_wait: Duration::from_secs(10),
        default_endpoint: EndpointSettings {
            limits: EndpointLimits { message: ByteSize::from_mib(1), ..Default::default() },
            ..Default::default()
        },
        endpoints: BTreeMap::new(),
        env: BTreeMap::new(),
        connect: OutgoingSettings::default(),
    };
    assert_eq!(resolved, wanted);
}

#[test]
fn a_deployments_own_settings_come_first() {
    let config = load(
        "[deployment.chat]\ninstancing = 'shared'\nshards = 2\nstrategy = 'restart'\n\
         memory = '4 MiB'\nevent_cpu = '1s'\nevent_wait = '2s'\nmessage = '2 MiB'\n\
         outbound_queue = '3 MiB'\nenv.A = 'b'",
    );
    let resolved = config.settings_for(&"chat".parse().unwrap());
    let wanted = ResolvedDeployment {
        instancing: Instancing::Shared { shards: 2.try_into().unwrap() },
        strategy: Strategy::Restart,
        memory: ByteSize::from_mib(4),
        event_cpu: Duration::from_secs(1),
        event_wait: Duration::from_secs(2),
        default_endpoint: EndpointSettings {
            limits: EndpointLimits {
                message: ByteSize::from_mib(2),
                outbound_queue: ByteSize::from_mib(3),
                ..Default::default()
            },
            ..Default::default()
        },
        endpoints: BTreeMap::new(),
        env: BTreeMap::from([("A".to_owned(), "b".to_owned())]),
        connect: OutgoingSettings::default(),
    };
    assert_eq!(resolved, wanted);
}

#[test]
fn settings_made_elsewhere_keep_to_the_ceilings_too() {
    let config = load("");
    let huge = ByteSize::from_mib(4096);
    let mut endpoint = EndpointSettings::default();
    endpoint.limits.message = huge;
    let endpoints = BTreeMap::from([("/a".parse().unwrap(), endpoint.clone())]);
    let memory = Some(huge);
    let settings =
        DeploymentSettings { memory, endpoint: Some(endpoint), endpoints, ..Default::default() };
    let resolved = settings.resolve(&config);
    assert_eq!(resolved.memory, config.sandbox.memory);
    for path in ["/a", "/b"] {
        assert_eq!(resolved.endpoint(path).limits.message, config.endpoint.limits.message);
    }
}

#[test]
fn an_endpoint_comes_before_its_deployment_and_a_deployment_before_the_host() {
    let config = load(
        "origins = 'https://host.example'\norigin_required = true\n\
         [limits]\nsessions = 1\nping_interval = '1s'\nidle_timeout = '1m'\n\
         [compression]\nlevel = 4\npermessage_deflate = 'forbidden'\n\
         [deployment.chat]\nsessions = 2\nping_interval = '2s'\norigin_required = false\n\
         compression.permessage_deflate = 'required'\n\
         [deployment.chat.endpoint.'/chat/{room}']\nsessions = 0\nidle_timeout = 'off'\n\
         origins = []\n\
         compression.level = 9\n",
    );
    let chat = config.settings_for(&"chat".parse().unwrap());
    let (room, lobby) = (chat.endpoint("/chat/{room}"), chat.endpoint("/lobby"));
    let other = config.settings_for(&"other".parse().unwrap()).endpoint("/chat/{room}");
    let sessions = [&room, &lobby, &other].map(|one| one.limits.sessions.map(|most| most.get()));
    assert_eq!(sessions, [None, Some(2), Some(1)]);
    let pings = [&room, &lobby, &other].map(|one| one.limits.ping_interval.unwrap().as_secs());
    assert_eq!(pings, [2, 2, 1]);
    let idle = [&room, &lobby, &other].map(|one| one.limits.idle_timeout.is_some());
    assert_eq!(idle, [false, true, true]);
    let levels = [&room, &lobby, &other].map(|one| one.compression.level);
    assert_eq!(levels, [9, 4, 4]);
    let deflate = [&room, &lobby, &other].map(|one| one.compression.permessage_deflate);
    assert_eq!(deflate, [Extension::Required, Extension::Required, Extension::Forbidden]);
    let page = Some("https://host.example");
    let lets_in = [&room, &lobby, &other].map(|one| one.origins.permits(page, "b.example", true));
    assert_eq!(lets_in, [false, true, true]);
    let nameless = [&room, &lobby, &other].map(|one| one.origins.permits(None, "b.example", true));
    assert_eq!(nameless, [true, true, false]);
}
