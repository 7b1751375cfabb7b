//! The connection itself, which can be cut or slowed at any byte.

use std::future::Future as _;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Sleep;

/// How the answer that is being written reaches the client.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Manner {
    #[default]
    Whole,
    /// The connection ends before the first byte.
    CutBeforeHead,
    /// The connection ends after so many bytes of the body; `head` counts how much of the blank line before it was seen.
    CutInBody { left: usize, head: usize },
    /// A pause after each byte.
    Slow(Duration),
}

/// What a handler holds of its connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Control(Arc<Mutex<Manner>>);

impl Control {
    pub(crate) fn set(&self, manner: Manner) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    fn get(&self) -> Manner {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connected<IncomingStream<'_, Lines>> for Control {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.io().control.clone()
    }
}

/// A listener whose connections can be spoilt.
pub(crate) struct Lines(pub(crate) TcpListener);

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (Line { stream, control: Control::default(), pause: None }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

pub(crate) struct Line {
    stream: TcpStream,
    control: Control,
    pause: Option<Pin<Box<Sleep>>>,
}

const BLANK_LINE: &[u8] = b"\r\n\r\n";

/// How many bytes of `bytes` may be written until the body had `left` of its own, and where that leaves the count.
fn allowed(bytes: &[u8], mut left: usize, mut head: usize) -> (usize, usize, usize) {
    for (position, byte) in bytes.iter().enumerate() {
        if head < BLANK_LINE.len() {
            head = if *byte == BLANK_LINE[head] { head + 1 } else { usize::from(*byte == b'\r') };
        } else if left == 0 {
            return (position, left, head);
        } else {
            left -= 1;
        }
    }
    (bytes.len(), left, head)
}

fn cut() -> Poll<io::Result<usize>> {
    Poll::Ready(Err(io::Error::from(io::ErrorKind::BrokenPipe)))
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.control.get() {
            Manner::Whole => Pin::new(&mut self.stream).poll_write(context, bytes),
            Manner::CutBeforeHead => cut(),
            Manner::CutInBody { left, head } => {
                let (may, ..) = allowed(bytes, left, head);
                if may == 0 {
                    return cut();
                }
                let written = ready!(Pin::new(&mut self.stream).poll_write(context, &bytes[..may]))?;
                let (_, left, head) = allowed(&bytes[..written], left, head);
                self.control.set(Manner::CutInBody { left, head });
                Poll::Ready(Ok(written))
            }
            Manner::Slow(pause) => {
                if let Some(pause) = &mut self.pause {
                    ready!(pause.as_mut().poll(context));
                    self.pause = None;
                }
                let written = ready!(Pin::new(&mut self.stream).poll_write(context, &bytes[..bytes.len().min(1)]))?;
                self.pause = Some(Box::pin(tokio::time::sleep(pause)));
                Poll::Ready(Ok(written))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}
