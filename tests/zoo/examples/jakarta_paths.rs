//! Serves paths of which several stand for the same request, and says on any text which one it is
//! and what its variables stand for.

use sockhop_guest::{Endpoint, EndpointConfig, Message, Result, ServerEndpoint, Session, export};
use sockhop_zoo::ByParameters;

const PATHS: [&str; 17] = [
    "/paths/a",
    "/paths/{a}",
    "/paths/c/{d}",
    "/paths/c/d",
    "/paths/{c}/d",
    "/paths/{c}/{d}",
    "/paths/e/f/g",
    "/paths/e/f/{g}",
    "/paths/e/{f}/g",
    "/paths/{e}/f/g",
    "/paths/e/{f}/{g}",
    "/paths/{e}/f/{g}",
    "/paths/{e}/{f}/g",
    "/paths/{e}/{f}/{g}",
    "/paths/slash/",
    "/paths-b/b/{v}",
    "/paths-b/{v}/d",
];

struct At<const N: usize> {
    session: Session,
}

impl<const N: usize> ServerEndpoint for At<N> {
    const PATH: &'static str = PATHS[N];

    fn config() -> EndpointConfig {
        EndpointConfig {
            path: PATHS[N].to_owned(),
            subprotocols: Vec::new(),
            max_message_size: None,
            properties: Vec::new(),
        }
    }
}

impl<const N: usize> Endpoint for At<N> {
    type Incoming = Message;
    type Reply = Message;

    fn on_open(session: Session) -> Result<Self> {
        Ok(Self { session })
    }

    fn on_message(&mut self, _message: Message) -> Result<Message> {
        let parameters = self.session.path_parameters();
        let parameters = parameters.iter().map(|(name, value)| format!(" {name}={value}"));
        Ok(format!("{}{}", PATHS[N], parameters.collect::<String>()).into())
    }
}

export!(
    At<0>,
    At<1>,
    At<2>,
    At<3>,
    At<4>,
    At<5>,
    At<6>,
    At<7>,
    At<8>,
    At<9>,
    At<10>,
    At<11>,
    At<12>,
    At<13>,
    At<14>,
    At<15>,
    At<16>;
    keys = ByParameters
);
