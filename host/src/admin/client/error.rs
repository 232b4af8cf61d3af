//! Why a host has not done what was asked of it, or cannot be asked.

use std::{error::Error, io};

use hyper::StatusCode;

use crate::config::AdminAddress;

/// Why a host has not done what was asked of it, or cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The connection broke, or the answer was longer than any answer is.
    #[error("the connection to the sockhop at {address} broke")]
    Broken {
        /// The host's address.
        address: AdminAddress,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Another user's program answers at the socket.
    #[error(
        "{address} belongs to user {owner}, so the token is not sent there; name your own host \
         with --admin or SOCKHOP_ADMIN"
    )]
    Foreign {
        /// The socket.
        address: AdminAddress,
        /// The number of that user.
        owner: u32,
    },
    /// The host refuses. The message is the host's and may hold text that a guest has chosen.
    #[error("{message}")]
    Refused {
        /// What a program needs to know; `openapi.json` lists the codes.
        code: String,
        /// What a person needs to know.
        message: String,
    },
    /// The request cannot be written.
    #[error("cannot write the request")]
    Request {
        /// Why.
        source: hyper::http::Error,
    },
    /// The host takes a connection and then says nothing.
    #[error("the sockhop at {address} has not answered within {waited_secs} s")]
    Silent {
        /// The host's address.
        address: AdminAddress,
        /// How long it was given.
        waited_secs: u64,
    },
    /// The answer is none of this API.
    #[error(
        "what answers at {address} is not the admin API of this version of sockhop (status \
         {status}); name the host with --admin or SOCKHOP_ADMIN"
    )]
    Strange {
        /// The address.
        address: AdminAddress,
        /// The answer's status.
        status: StatusCode,
        /// What is wrong with its body.
        source: Option<serde_json::Error>,
    },
    /// The token is not the host's.
    #[error(
        "the sockhop at {address} does not take the token; it comes from SOCKHOP_ADMIN_TOKEN or, \
         where that is not set, from the file that a host of the same user leaves when it starts"
    )]
    Unauthorized {
        /// The host's address.
        address: AdminAddress,
    },
    /// Nobody answers.
    #[error(
        "no sockhop answers at {address}: start one with `sockhop run`, or name it with --admin \
         or SOCKHOP_ADMIN"
    )]
    Unreachable {
        /// The address.
        address: AdminAddress,
        /// Why.
        source: io::Error,
    },
}

impl ClientError {
    pub(super) fn unreachable(address: &AdminAddress, source: io::Error) -> Self {
        Self::Unreachable { address: address.clone(), source }
    }
}
