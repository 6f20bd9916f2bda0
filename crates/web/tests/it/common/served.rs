//! The site on a port, for what only a real connection shows.

use std::net::SocketAddr;
use std::sync::Arc;

use domain::{OsEntropy, SystemClock};
use providers::mail::Mailer;
use store::Store;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use web::{Analytics, Config, Limits, Proxies, Site};

/// It ends when this is dropped, and its folder goes with it.
pub struct Served {
    pub address: SocketAddr,
    pub store: Store,
    _stop: oneshot::Sender<()>,
    _folder: tempfile::TempDir,
}

impl Served {
    pub async fn start(site: Site, limits: Limits, proxies: Proxies) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), Arc::new(SystemClock), Arc::new(OsEntropy)).await.expect("a store");
        let mailer = Mailer::check(folder.path(), None, None).expect("a folder");
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let config =
            Config { listen, site, limits, analytics: Analytics::None, mailer, notices_per_minute: 60, proxies };
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, started) = oneshot::channel();
        let kept = store.clone();
        tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            let ready = |address| ready.send(address).expect("somebody waits");
            web::serve(&config, kept, Arc::new(SystemClock), Arc::new(OsEntropy), ready, stopped).await
        });
        Self { address: started.await.expect("it starts"), store, _stop: stop, _folder: folder }
    }

    /// Sends a request as it stands and gives the first bytes of the answer.
    pub async fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("connected");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        // Whoever refuses a request may break the connection over it.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}
