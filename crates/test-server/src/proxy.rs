//! A reverse proxy in front of a server: nginx or Caddy, as Debian has them, unprivileged and with files of
//! its own.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::TIMEOUT;

/// A proxy that listens; it is killed when dropped.
pub struct Proxy {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
    directory: TempDir,
}

/// All of nginx's configuration but the servers. Nothing is outside of the directory that it is started in.
const NGINX: &str = "user root;
pid nginx.pid;
error_log stderr;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site.conf;
}
";

impl Proxy {
    /// nginx with the servers that `site` writes, given the port to listen on and the directory in which
    /// `cert.pem` and `key.pem` are, for a host.
    #[track_caller]
    pub fn nginx(host: &str, site: impl Fn(u16, &Path) -> String) -> Self {
        Self::start(host, |port, directory| {
            fs::write(directory.join("nginx.conf"), NGINX).unwrap();
            fs::write(directory.join("site.conf"), site(port, directory)).unwrap();
            let mut command = Command::new("nginx");
            command.args(["-g", "daemon off;", "-e", "stderr", "-c", "nginx.conf", "-p"]).arg(directory);
            command
        })
    }

    /// Caddy with a Caddyfile that `site` writes in the same way.
    #[track_caller]
    pub fn caddy(host: &str, site: impl Fn(u16, &Path) -> String) -> Self {
        Self::start(host, |port, directory| {
            fs::write(directory.join("Caddyfile"), site(port, directory)).unwrap();
            let mut command = Command::new("caddy");
            command.args(["run", "--config"]).arg(directory.join("Caddyfile")).env("HOME", directory);
            for variable in ["XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
                command.env(variable, directory);
            }
            command
        })
    }

    #[track_caller]
    fn start(host: &str, prepare: impl Fn(u16, &Path) -> Command) -> Self {
        let directory = TempDir::new().unwrap();
        make_certificate(host, directory.path());
        let log = directory.path().join("log");
        // Another program may take the port between the test's look for a free one and the proxy's start.
        for _ in 0..5 {
            let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
            let mut command = prepare(address.port(), directory.path());
            let output = fs::File::create(&log).unwrap();
            command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
            let mut process = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
            if listens(&mut process, address) {
                return Self { process, address, directory };
            }
        }
        panic!("the proxy does not start: {}", fs::read_to_string(log).unwrap());
    }

    /// The certificate that clients must trust.
    pub fn certificate(&self) -> PathBuf {
        self.directory.path().join("cert.pem")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // nginx's workers end with their master only if it is asked to end.
        if let Some(pid) = rustix::process::Pid::from_raw(self.process.id().cast_signed()) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.process.wait();
    }
}

/// Waits until a process listens; `false` if it ends instead.
fn listens(process: &mut Child, address: SocketAddr) -> bool {
    let deadline = Instant::now() + TIMEOUT;
    while TcpStream::connect(address).is_err() {
        if process.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(Instant::now() < deadline, "the proxy does not listen");
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

/// Makes a key and a certificate that this key signs.
#[track_caller]
fn make_certificate(host: &str, directory: &Path) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-noenc",
            "-days",
            "2",
        ])
        .args(["-subj", &format!("/CN={host}"), "-addext", &format!("subjectAltName=DNS:{host}")])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(directory)
        .output()
        .unwrap_or_else(|error| panic!("openssl: {error}"));
    assert!(made.status.success(), "{made:?}");
}
