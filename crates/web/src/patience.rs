//! A connection that does not wait for ever for somebody who takes nothing of what they asked for.
//!
//! Whoever asks for a large answer and does not read it holds a connection, and what makes the answer behind it: an export
//! holds a thread. Every bit of progress starts the time anew, so a slow line is no fault. Not here: how long a request
//! may take to come in.

use std::future::Future as _;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A stream whose writes fail once nothing of them was taken for so long.
#[derive(Debug)]
pub(crate) struct Patient<S> {
    stream: S,
    patience: Duration,
    /// Since when nothing is taken.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    pub(crate) fn new(stream: S, patience: Duration) -> Self {
        Self { stream, patience, waiting: None }
    }

    /// Passes on what came of a write, unless it waits for too long.
    fn unless_overdue<T>(&mut self, cx: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if done.is_ready() {
            self.waiting = None;
            return done;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(waiting.as_mut().poll(cx));
        self.waiting = None;
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "nothing of the answer was taken for too long")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.unless_overdue(cx, done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.unless_overdue(cx, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.stream).poll_flush(cx);
        self.unless_overdue(cx, done)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn whoever_takes_nothing_is_left_and_whoever_takes_little_is_waited_for() {
        let (ours, theirs) = duplex(8);
        let mut patient = Patient::new(ours, PATIENCE);
        let begun = tokio::time::Instant::now();
        let left = patient.write_all(&[0; 100]).await.expect_err("nobody reads");
        assert_eq!((left.kind(), begun.elapsed()), (io::ErrorKind::TimedOut, PATIENCE));
        drop(theirs);

        let (ours, mut theirs) = duplex(8);
        let mut patient = Patient::new(ours, PATIENCE);
        let reading = tokio::spawn(async move {
            for _ in 0..100 {
                tokio::time::sleep(Duration::from_secs(29)).await;
                theirs.read_u8().await.expect("a byte");
            }
        });
        patient.write_all(&[0; 100]).await.expect("a byte at a time is progress");
        reading.await.expect("all of it");
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_with_nothing_to_say_may_be_silent_for_long() {
        let (ours, mut theirs) = duplex(8);
        let mut patient = Patient::new(ours, PATIENCE);
        tokio::time::sleep(PATIENCE * 100).await;
        patient.write_all(b"hello").await.expect("there was room all the time");
        let mut heard = [0; 5];
        theirs.read_exact(&mut heard).await.expect("five bytes");
        assert_eq!(&heard, b"hello");
    }
}
