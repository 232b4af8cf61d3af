//! The tables of deployments and of their endpoints.

use super::*;
use crate::config::{ByteSize, DeploymentSettings, Instancing, Strategy};

#[test]
fn deployments_have_settings() {
    let config = accept(
        "[deployment.chat]\nfile = 'chat.wasm'\ninstancing = 'shared'\nshards = 3\n\
         strategy = 'restart'\nmemory = '8 MiB'\nevent_cpu = '1s'\nevent_wait = '2s'\n\
         message = '1 MiB'\noutbound_queue = '2 MiB'\nenv = { A = 'b', C = '' }\n\
         [deployment.later]\n",
    );
    let chat = &config.deployments["chat"];
    assert_eq!(chat.file_line, Some(2));
    let settings = &chat.settings;
    assert_eq!(settings.file.as_deref(), Some(Path::new("/etc/sockhop/chat.wasm")));
    assert_eq!(settings.instancing, Instancing::Shared { shards: 3.try_into().unwrap() });
    assert_eq!(settings.strategy, Strategy::Restart);
    assert_eq!(settings.memory, Some(ByteSize::from_mib(8)));
    assert_eq!(settings.event_cpu.unwrap().as_secs(), 1);
    assert_eq!(settings.event_wait.unwrap().as_secs(), 2);
    let endpoint = settings.endpoint.as_ref().unwrap();
    assert_eq!(endpoint.limits.message, ByteSize::from_mib(1));
    assert_eq!(endpoint.limits.outbound_queue, ByteSize::from_mib(2));
    let env: Vec<_> = settings.env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(env, [("A", "b"), ("C", "")]);
    let of_host = DeploymentSettings {
        endpoint: Some(EndpointSettings::default()),
        ..DeploymentSettings::default()
    };
    assert_eq!(config.deployments["later"].settings, of_host);
}

#[test]
fn shards_go_with_shared_instances() {
    let shards = |text: &str| match accept(text).deployments["a"].settings.instancing {
        Instancing::Session | Instancing::Keyed { .. } => 0,
        Instancing::Shared { shards } => shards.get(),
    };
    assert_eq!(shards("deployment.a.instancing = 'session'"), 0);
    assert_eq!(shards("deployment.a.instancing = 'shared'"), 6);
    assert_eq!(shards("deployment.a = { instancing = 'shared', shards = 0 }"), 6);
    assert_eq!(shards("deployment.a = { instancing = 'shared', shards = 256 }"), 256);
    refuse(
        "deployment.a = { instancing = 'shared', shards = 257 }",
        "sockhop.toml:1: deployment.a.shards: must be from 0 to 256, is 257",
    );
    for text in [
        "[deployment.a]\nshards = 2",
        "deployment.a.instancing = 'session'\ndeployment.a.shards = 2",
        "deployment.a.instancing = 'keyed'\ndeployment.a.shards = 2",
    ] {
        let wanted = "sockhop.toml:2: deployment.a.shards: only goes with instancing = \"shared\"";
        refuse(text, wanted);
    }
    refuse(
        "[deployment.a]\ninstancing = 'sharde'\nshards = 2",
        "sockhop.toml:2: deployment.a.instancing: \"sharde\" is not a way of instancing; \
         use \"session\", \"keyed\" or \"shared\"",
    );
}

#[test]
fn a_key_goes_with_keyed_instances() {
    let instancing = |text: &str| accept(text).deployments["a"].settings.instancing.clone();
    let keyed = |key: Option<&str>| Instancing::Keyed { key: key.map(str::to_owned) };
    assert_eq!(instancing("deployment.a.instancing = 'keyed'"), keyed(None));
    assert_eq!(instancing("deployment.a = { instancing = 'keyed', key = '' }"), keyed(None));
    let named = instancing("deployment.a = { instancing = 'keyed', key = 'room' }");
    assert_eq!(named, keyed(Some("room")));
    assert_eq!(instancing("deployment.a.key = ''"), Instancing::Session);
    for text in [
        "[deployment.a]\nkey = 'room'",
        "deployment.a.instancing = 'session'\ndeployment.a.key = 'room'",
        "deployment.a.instancing = 'shared'\ndeployment.a.key = 'room'",
    ] {
        refuse(text, "sockhop.toml:2: deployment.a.key: only goes with instancing = \"keyed\"");
    }
    refuse(
        "[deployment.a]\ninstancing = 'keys'\nkey = 'room'",
        "sockhop.toml:2: deployment.a.instancing: \"keys\" is not a way of instancing; \
         use \"session\", \"keyed\" or \"shared\"",
    );
}

#[test]
fn a_deployment_stays_below_the_ceilings() {
    accept("[deployment.a]\nmemory = '64 MiB'\nmessage = '16 MiB'\noutbound_queue = '1 GiB'");
    accept("deployment.a.memory = '65 MiB'\nsandbox.memory = '65 MiB'");
    refuse(
        "deployment.a.memory = '65 MiB'\ndeployment.a.message = '2 MiB'\nlimits.message = '1 MiB'",
        "sockhop.toml:1: deployment.a.memory: must not exceed sandbox.memory, which is 64 MiB; \
         is 65 MiB\n\
         sockhop.toml:2: deployment.a.message: must not exceed limits.message, which is 1 MiB; \
         is 2 MiB",
    );
    refuse(
        "deployment.a.message = '1 KiB'\n[deployment.a.endpoint.'/b']\nmessage = '17 MiB'",
        "sockhop.toml:3: deployment.a.endpoint.\"/b\".message: must not exceed limits.message, \
         which is 16 MiB; is 17 MiB",
    );
    accept("deployment.a.message = '1 KiB'\ndeployment.a.endpoint.'/b'.message = '2 KiB'");
    // Only the ceiling is wrong here, whatever it was meant to be.
    refuse(
        "deployment.a.memory = '65 MiB'\nsandbox.memory = 'much'",
        "sockhop.toml:2: sandbox.memory: \"much\" is not a size; write a whole number and a \
         unit, such as \"64 MiB\"",
    );
    refuse(
        "deployment.a.memory = '65 MiB'\nsandbox = 'much'",
        "sockhop.toml:2: sandbox: expected a table, found a string",
    );
}
