//! Profiles that can be used, and profiles that cannot.

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use tempfile::TempDir;

use super::*;
use crate::telemetry::chain;

/// A folder with the files that profiles name.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        let files = Self(tempfile::tempdir().expect("a folder"));
        let mut params = CertificateParams::new([]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        files.write("ca.crt", &params.self_signed(&key).expect("a certificate").pem());
        let pair = rcgen::generate_simple_self_signed(["me".to_owned()]).expect("a pair");
        files.write("own.crt", &pair.cert.pem());
        files.write("own.key", &pair.signing_key.serialize_pem());
        files
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.at(name), text).expect("our own folder");
    }

    fn profile(&self) -> TlsProfile {
        let (certificate, key) = (self.at("own.crt"), self.at("own.key"));
        let identity = Some(TlsIdentity { certificate, key });
        TlsProfile { authorities: Some(self.at("ca.crt")), identity, server_name: None }
    }

    #[track_caller]
    fn refused(&self, wanted: &str) {
        let shown = format!("{}/", self.0.path().display());
        let error = ClientTls::new(self.profile()).load().expect_err("it cannot be used");
        let error = chain(&error).replace(&shown, "");
        assert!(error.starts_with(wanted), "{error}");
    }
}

#[test]
fn a_profile_is_read_once() {
    let files = Files::new();
    let tls = ClientTls::new(files.profile());
    fs::rename(files.at("ca.crt"), files.at("later.crt")).expect("it was there");
    tls.load().expect_err("a file is missing");
    fs::rename(files.at("later.crt"), files.at("ca.crt")).expect("it was there");
    tls.load().expect("it is there again");
    fs::remove_file(files.at("ca.crt")).expect("it was there");
    tls.clone().load().expect("it was read");
}

#[test]
fn what_cannot_be_used_is_refused_by_file_and_remedy() {
    let files = Files::new();
    files.write("own.key", &KeyPair::generate().expect("a key").serialize_pem());
    files.refused("own.crt and own.key cannot be shown; name the files of one");
    files.write("own.key", "no key");
    files.refused("own.key holds no private key; name a file");
    files.write("own.crt", "");
    files.refused("own.crt holds no certificate; name a file");
    files.write("ca.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    files.refused("ca.crt holds a certificate that cannot sign others; name");
    files.write("ca.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n");
    files.refused("ca.crt is damaged; write it again, in PEM: ");
    files.write("ca.crt", &"x".repeat(2 << 20));
    files.refused("cannot read ca.crt: ");
    fs::remove_file(files.at("ca.crt")).expect("it was there");
    files.refused("cannot read ca.crt: No such file");
}

#[test]
fn what_is_shown_of_a_profile_is_where_its_files_are() {
    let shown = format!("{:?}", ClientTls::new(Files::new().profile()));
    assert!(shown.contains("own.key") && !shown.contains("PRIVATE"), "{shown}");
}
