//! A server on loopback that answers as a script says: well, badly, slowly or not at all.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) at: Instant,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// An answer with its length.
    Whole { status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    /// These bytes, and the connection is closed.
    Raw(Vec<u8>),
    /// These bytes, and then those, one each so many milliseconds.
    Drip(Vec<u8>, Vec<u8>, u64),
    /// Nothing, for as long as the server lives.
    Nothing,
}

impl Reply {
    pub(crate) fn json(body: &str) -> Self {
        Self::status(200, body)
    }

    pub(crate) fn status(status: u16, body: &str) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self::Whole { status, headers, body: body.as_bytes().to_vec() }
    }

    pub(crate) fn with(self, name: &'static str, value: impl Into<String>) -> Self {
        match self {
            Self::Whole { status, mut headers, body } => {
                headers.push((name, value.into()));
                Self::Whole { status, headers, body }
            }
            other => other,
        }
    }
}

/// The requests so far, the newest last, and what to do with it.
type Script = dyn Fn(&Received, usize) -> Reply + Send + Sync;

pub(crate) struct Server {
    pub(crate) url: String,
    address: String,
    received: Arc<Mutex<Vec<Received>>>,
    over: Arc<AtomicBool>,
    accepting: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// Answers each request by `script`, which is told the request and how many came before it.
    pub(crate) fn new(script: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let received = Arc::new(Mutex::new(Vec::new()));
        let over = Arc::new(AtomicBool::new(false));
        let script: Arc<Script> = Arc::new(script);
        let (all, end) = (received.clone(), over.clone());
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                let (script, all, end) = (script.clone(), all.clone(), end.clone());
                // A connection that the other side breaks off ends its thread, nothing else.
                std::thread::spawn(move || stream.and_then(|stream| serve(stream, script.as_ref(), &all, &end)));
            }
        });
        Self { url: format!("http://{address}"), address, received, over, accepting: Some(accepting) }
    }

    /// Gives these replies in turn, the last one for ever.
    pub(crate) fn replying(replies: impl IntoIterator<Item = Reply>) -> Self {
        let replies: Vec<Reply> = replies.into_iter().collect();
        Self::new(move |_, before| replies[before.min(replies.len() - 1)].clone())
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(&self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn serve(mut stream: TcpStream, script: &Script, all: &Mutex<Vec<Received>>, over: &AtomicBool) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(request) = read(&mut reader)? {
        if over.load(Ordering::SeqCst) {
            return Ok(());
        }
        let before = {
            let mut all = all.lock().unwrap();
            all.push(request.clone());
            all.len() - 1
        };
        match script(&request, before) {
            Reply::Whole { status, headers, body } => {
                let headers = headers.iter().fold(String::new(), |all, (name, value)| format!("{all}{name}: {value}\r\n"));
                let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n", body.len());
                stream.write_all(&[head.as_bytes(), &body].concat())?;
            }
            Reply::Raw(bytes) => return stream.write_all(&bytes),
            Reply::Drip(start, bytes, pause) => {
                stream.write_all(&start)?;
                for byte in bytes {
                    stream.write_all(&[byte])?;
                    std::thread::sleep(Duration::from_millis(pause));
                }
                return Ok(());
            }
            Reply::Nothing => {
                while !over.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(20));
                }
                return Ok(());
            }
        }
    }
    Ok(())
}

fn read(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Received>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut words = first.split_whitespace().map(ToOwned::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let mut request = Received { method, target, headers, body: String::new(), at: Instant::now() };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    request.body = String::from_utf8_lossy(&body).into_owned();
    Ok(Some(request))
}
