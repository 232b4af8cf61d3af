//! Pairs that are taken, pairs that are refused, and pairs that change.

use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use tempfile::TempDir;

use super::*;
use crate::config::ClientAuth;
use crate::telemetry::chain;

/// A folder with what the settings name.
struct Files {
    folder: TempDir,
    settings: TlsSettings,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let settings = TlsSettings {
            certificate: at("host.crt"),
            key: at("host.key"),
            client_auth: ClientAuth::None,
            handshake_timeout: Duration::from_secs(1),
        };
        let files = Self { folder, settings };
        files.write_pair();
        files
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("our own folder");
    }

    fn write_pair(&self) {
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a pair");
        self.write("host.crt", &pair.cert.pem());
        self.write("host.key", &pair.signing_key.serialize_pem());
    }

    fn load(&self) -> Result<Tls, String> {
        let shown = format!("{}/", self.folder.path().display());
        let loaded = Tls::load(self.settings.clone(), true);
        loaded.map_err(|error| chain(&error).replace(&shown, ""))
    }

    #[track_caller]
    fn refused(&self, wanted: &str) {
        match self.load() {
            Ok(_) => panic!("it is taken"),
            Err(error) => assert!(error.starts_with(wanted), "{error}"),
        }
    }
}

fn authority() -> String {
    let mut params = CertificateParams::new([]).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    params.self_signed(&key).expect("a certificate").pem()
}

#[test]
fn a_pair_is_taken_in_one_file_or_in_two() {
    let files = Files::new();
    files.load().expect("a good pair");
    let read = |name: &str| fs::read_to_string(files.folder.path().join(name)).expect("written");
    let both = read("host.key") + &read("host.crt");
    files.write("host.crt", &both);
    files.write("host.key", &both);
    files.load().expect("each finds its own");
}

#[test]
fn what_cannot_be_used_is_refused_by_file_and_remedy() {
    let files = Files::new();
    files.write("host.crt", "");
    files.refused("host.crt holds no certificate; name a PEM file in tls.certificate");
    files.write("host.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n");
    files.refused("host.crt is damaged; write it again, in PEM: ");
    files.write("host.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    files.refused("host.crt and host.key cannot be used; use an RSA, ECDSA or Ed25519 pair: ");
    files.write("host.crt", &"x".repeat(2 << 20));
    files.refused("cannot read host.crt, which tls.certificate names: ");
    files.write_pair();
    files.write("host.key", "no key");
    files.refused("host.key holds no private key; name a PEM file in tls.key");
    files.write("host.key", &KeyPair::generate().expect("a key").serialize_pem());
    files.refused("the key in host.key is not that of the first certificate in host.crt; name");
    fs::remove_file(files.folder.path().join("host.key")).expect("it was there");
    files.refused("cannot read host.key, which tls.key names: No such file");
}

#[test]
fn authorities_for_clients_are_checked_too() {
    let mut files = Files::new();
    let file = files.folder.path().join("ca.crt");
    files.settings.client_auth = ClientAuth::Required(file.clone());
    files.refused("cannot read ca.crt, which tls.client_ca names: ");
    files.write("ca.crt", "");
    files.refused("clients cannot be held against ca.crt; name a PEM file with at least one");
    files.write("ca.crt", &format!("{}{}", authority(), authority()));
    files.load().expect("two authorities");
    files.settings.client_auth = ClientAuth::Optional(file);
    files.load().expect("two authorities");
}

#[test]
fn a_new_pair_takes_the_place_of_the_old_and_a_bad_one_does_not() {
    let files = Files::new();
    let tls = files.load().expect("a good pair");
    let current = || Arc::as_ptr(&tls.current.load());
    let first = current();
    assert!(!tls.reload().expect("the same pair"));
    let remove = |name: &str| fs::remove_file(Path::new(files.folder.path()).join(name));
    files.write("host.key", "no key");
    assert!(tls.reload().is_err());
    assert!(!tls.reload().expect("it was complained of once"));
    remove("host.key").expect("it was there");
    assert!(tls.reload().is_err());
    assert_eq!(current(), first);
    files.write_pair();
    assert!(tls.reload().expect("a good pair"));
    assert_ne!(current(), first);
}
