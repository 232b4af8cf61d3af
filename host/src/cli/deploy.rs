//! `sockhop deploy`: gives a component to the running host.

use crate::telemetry::escaped;
use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use bytes::Bytes;

use super::{
    args::DeployArgs,
    output::{fail, print},
    remote::with_host,
    table::SHORT_DIGEST_CHARS,
};
use crate::{
    admin::{COMPONENT_MAX_BYTES, model::Deployed},
    config::Strategy,
};

/// Deploys a component and says what has become of it.
pub(super) fn deploy(args: &DeployArgs) -> ExitCode {
    // Before anything is asked of the host: a mistyped path is the likelier mistake.
    let component = match read(&args.component) {
        Ok(component) => component,
        Err(error) => return fail(&error),
    };
    with_host(&args.admin, async |client| {
        let deployed = client.deploy(&args.name, component, args.strategy).await?;
        Ok(print(&sentence(&deployed)))
    })
}

fn read(path: &Path) -> Result<Bytes, ComponentError> {
    let failed = |source| ComponentError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(COMPONENT_MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > COMPONENT_MAX_BYTES {
        return Err(ComponentError::TooLarge(path.to_owned()));
    }
    Ok(bytes.into())
}

fn sentence(deployed: &Deployed) -> String {
    let digest: String = deployed.digest.chars().take(SHORT_DIGEST_CHARS).collect();
    let endpoints = match deployed.endpoints.as_slice() {
        [] => "no endpoint".to_owned(),
        endpoints => endpoints.join(", "),
    };
    let before = match (deployed.replaced, deployed.strategy) {
        (None, _) => String::new(),
        (Some(old), Strategy::Drain) => format!("; revision {old} drains"),
        (Some(old), Strategy::Restart) => {
            format!("; sessions of revision {old} and older are closed")
        }
    };
    let Deployed { name, revision, .. } = deployed;
    let line = format!("{name}: revision {revision} (sha256 {digest}) serves {endpoints}{before}");
    format!("{}\n", escaped(&line))
}

/// Why a file cannot be sent.
#[derive(Debug, thiserror::Error)]
enum ComponentError {
    #[error(
        "{} has more than {COMPONENT_MAX_BYTES} bytes, which no component may; strip it of debug \
         data",
        .0.display()
    )]
    TooLarge(PathBuf),
    #[error("cannot read the component {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deploy_is_told_in_a_sentence() {
        let mut deployed = Deployed {
            name: "echo".into(),
            revision: 3,
            digest: "1a2b3c4d5e6f7081".into(),
            endpoints: vec!["/echo".into(), "/e/{x}".into()],
            replaced: Some(2),
            strategy: Strategy::Drain,
        };
        let start = "echo: revision 3 (sha256 1a2b3c4d5e6f) serves /echo, /e/{x}";
        assert_eq!(sentence(&deployed), format!("{start}; revision 2 drains\n"));
        deployed.strategy = Strategy::Restart;
        let restarted = format!("{start}; sessions of revision 2 and older are closed\n");
        assert_eq!(sentence(&deployed), restarted);
        deployed.replaced = None;
        assert_eq!(sentence(&deployed), format!("{start}\n"));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let error = read(Path::new("/nowhere/echo.wasm")).unwrap_err();
        assert_eq!(error.to_string(), "cannot read the component /nowhere/echo.wasm");
        assert!(read(Path::new("/")).is_err());
    }
}
